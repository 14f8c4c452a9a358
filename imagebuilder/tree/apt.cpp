// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/apt.h"

#include <array>
#include <chrono>
#include <ctime>
#include <iomanip>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::chrono::hours kMaxAge{24};
constexpr const char* kKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
constexpr const char* kNothingInstalled = "cache/status";  // apt locks the folder it is in
constexpr const char* kConfigInTree = "/run/muster/apt.conf";

// The host's proxy settings, and no sandbox user: in a user namespace _apt may not exist. What apt
// knows of the index stays beside the packages for the next step, and not in the image.
std::string make_config() {
    std::istringstream lines(base::run_checked(apt_command({"apt-config", "dump"})).out);
    std::string config =
        "APT::Sandbox::User \"root\";\n"
        "Dir::Cache::pkgcache \"\";\n"
        "Dir::Cache::srcpkgcache \"archives/srcpkgcache.bin\";\n";
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("Acquire::http::Proxy") || line.starts_with("Acquire::https::Proxy")) {
            config += line + "\n";
        }
    }
    return config;
}

base::Command command_on(std::vector<std::string> argv, const fs::path& folder) {
    for (const std::string& option :
         {"Dir::Etc::SourceList=" + (folder / "sources.list").string(),
          std::string("Dir::Etc::SourceParts=/dev/null"),
          "Dir::State::Lists=" + (folder / "lists").string(),
          "Dir::Cache=" + (folder / "cache").string(), std::string("Acquire::Languages=none"),
          // Hosts made of containers' images keep none.
          std::string("Dir::Cache::pkgcache=pkgcache.bin"),
          std::string("Dir::Cache::srcpkgcache=srcpkgcache.bin"),
          "Dir::State::status=" + (folder / kNothingInstalled).string(),
          std::string("APT::Sandbox::User=root")}) {
        argv.insert(argv.begin() + 1, {"-o", option});
    }
    return apt_command(std::move(argv));
}

void fetch_index(const fs::path& folder) {
    base::log(base::LogLevel::info, "imagebuilder", "fetching the package index");
    base::Command update =
        command_on({"apt-get", "-q", "update", "-o", "APT::Update::Post-Invoke-Success::=", "-o",
                    "APT::Update::Error-Mode=any"},
                   folder);
    base::in_context("fetching the package index", [&] { base::run_checked(update); });
    base::write_file(folder / "fetched", "");
}

bool is_stale(const fs::path& folder) {
    std::error_code missing;
    const auto time = fs::last_write_time(folder / "fetched", missing);
    return missing || fs::file_time_type::clock::now() - time > kMaxAge;
}

void describe_index(AptIndex& index) {
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator(index.folder / "lists")) {
        if (entry.path().filename().string().ends_with("InRelease")) {
            files.insert(entry.path());
        }
    }
    if (files.empty()) {
        throw Error(ErrorKind::environment,
                    fmt::format("the apt sources gave no index for '{}'", index.release));
    }
    base::Digest digest(base::DigestAlgorithm::sha256);
    for (const fs::path& file : files) {
        const std::string text = base::read_file(file);
        digest.update(base::as_bytes(text));
        index.epoch = std::max(index.epoch, date_of_release(text));
    }
    index.digest = digest.finish_hex();
}

}  // namespace

base::Command apt_command(std::vector<std::string> argv) {
    base::Command command;
    command.argv = std::move(argv);
    command.env = {{"LC_ALL", "C.UTF-8"}};
    command.timeout = std::chrono::minutes(10);
    return command;
}

base::Command index_command(const AptIndex& index, std::vector<std::string> argv) {
    return command_on(std::move(argv), index.folder);
}

std::int64_t date_of_release(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::tm time{};
        std::istringstream date(line);
        date.imbue(std::locale::classic());
        if (line.starts_with("Date: ") &&
            date >> std::get_time(&time, "Date: %a, %d %b %Y %H:%M:%S UTC")) {
            return ::timegm(&time);
        }
    }
    return 0;
}

std::string select_sources(const std::string& targets, const std::string& release) {
    const std::set<std::string> components{"main", "contrib", "non-free", "non-free-firmware"};
    const std::set<std::string> suites{release, release + "-updates", release + "-security"};
    std::istringstream lines(targets);
    std::set<std::string> entries;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string uri;
        std::string suite;
        std::string component;
        std::string architecture;
        std::getline(fields, uri, '|');
        std::getline(fields, suite, '|');
        std::getline(fields, component, '|');
        std::getline(fields, architecture, '|');
        if (suites.contains(suite) && components.contains(component) && architecture == "amd64") {
            entries.insert(
                fmt::format("deb [signed-by={}] {} {} {}\n", kKeyring, uri, suite, component));
        }
    }
    std::string sources;
    for (const std::string& entry : entries) {
        sources += entry;
    }
    return sources;
}

AptIndex open_apt_index(const std::string& release) {
    AptIndex index;
    index.release = release;
    index.sources = select_sources(
        base::run_checked(apt_command({"apt-get", "indextargets", "--format",
                                       "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ARCHITECTURE)",
                                       "Created-By: Packages"}))
            .out,
        release);
    index.image_sources = index.sources;
    if (index.sources.empty()) {
        throw Error(ErrorKind::environment,
                    fmt::format("this host's apt sources have no Debian '{}'", release),
                    "add the release to /etc/apt/sources.list.d, or choose the host's own");
    }
    const std::string id =
        base::digest_hex(base::DigestAlgorithm::sha256, index.sources).substr(0, 12);
    index.folder = base::cache_dir() / "apt" / (release + "-" + id);
    for (const char* sub : {"lists/partial", "archives/partial", "bootstrap", "cache"}) {
        base::make_dirs(index.folder / sub, 0755);
    }
    base::write_file(index.folder / kNothingInstalled, "");
    const base::FileLock lock(index.folder / "lock");
    base::write_file(index.folder / "sources.list", index.sources);
    base::write_file(index.folder / "apt.conf", make_config());
    if (is_stale(index.folder)) {
        fetch_index(index.folder);
    }
    describe_index(index);
    return index;
}

AptIndex refresh_apt_index(const AptIndex& old) {
    if (!old.repository.empty()) {
        return old;  // a lock file's packages do not change
    }
    {
        const base::FileLock lock(old.folder / "lock");
        fetch_index(old.folder);
    }
    return open_apt_index(old.release);
}

std::vector<std::pair<fs::path, std::string>> apt_binds(const AptIndex& index) {
    std::vector<std::pair<fs::path, std::string>> binds{
        {index.folder / "lists", "/var/lib/apt/lists"},
        {index.folder / "archives", "/var/cache/apt/archives"},
        {index.folder / "apt.conf", kConfigInTree},
        {"/etc/resolv.conf", "/etc/resolv.conf"},
        {"/etc/hosts", "/etc/hosts"}};
    if (!index.repository.empty()) {
        binds.emplace_back(index.repository, kLockedRepository);
        binds.emplace_back(index.folder / "sources.in-tree", "/run/muster/sources.list");
    }
    return binds;
}

std::map<std::string, std::string> apt_env() {
    return {{"APT_CONFIG", kConfigInTree}};
}

}  // namespace imagebuilder
