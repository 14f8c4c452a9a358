// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/guest_packages.h"

#include <algorithm>
#include <array>
#include <sstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/guestfs/open_guest.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kMostStatusBytes = std::uint64_t{64} << 20U;
constexpr std::size_t kMostFieldBytes = 65536;
constexpr const char* kDebsInGuest = "/var/cache/muster";

constexpr std::array<std::string_view, 14> kStatusFields{
    "Package",  "Status",    "Architecture", "Multi-Arch", "Version",  "Depends",   "Pre-Depends",
    "Provides", "Conflicts", "Breaks",       "Replaces",   "Priority", "Essential", "Section"};

// $1 the folder of the packages; $2 … those that come along only. What was automatic stays so.
constexpr const char* kInstallFiles = R"script(
folder=$1
shift
apt-mark showauto >"$folder/auto"
apt-get -q -y --no-install-recommends --allow-downgrades -o APT::Sandbox::User=root \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    install "$folder"/*.deb
[ $# = 0 ] || printf '%s\n' "$@" >>"$folder/auto"
[ ! -s "$folder/auto" ] || xargs apt-mark auto <"$folder/auto" >/dev/null
rm -rf "$folder"
)script";

base::Command apt_for(const AptIndex& index, const fs::path& status, const PackageChange& change) {
    base::Command command = apt_command({"apt-get", "-q", "-y", "--no-install-recommends"});
    const auto set = [&](const std::string& key, const std::string& value) {
        command.argv.insert(command.argv.end(), {"-o", key + "=" + value});
    };
    set("Dir::Etc::SourceList", (index.folder / "sources.list").string());
    set("Dir::Etc::SourceParts", "/dev/null");
    set("Dir::Etc::Preferences", "/dev/null");
    set("Dir::Etc::PreferencesParts", "/dev/null");
    set("Dir::State::Lists", (index.folder / "lists").string());
    set("Dir::State::status", status.string());
    set("Dir::State::extended_states", "/dev/null");
    set("Dir::Cache", (index.folder / "cache").string());
    set("Dir::Cache::pkgcache", "");
    set("Dir::Cache::archives", (index.folder / "archives").string());
    set("APT::Sandbox::User", "root");
    set("APT::Architecture", "amd64");
    set("Debug::NoLocking", "true");
    command.argv.emplace_back(change.verb == PackageChange::Verb::update ? "dist-upgrade"
                                                                         : "install");
    command.argv.insert(command.argv.end(), change.names.begin(), change.names.end());
    command.timeout = std::chrono::minutes(60);
    return command;
}

// What changes, and the files in the index's archive.
std::vector<SimulatedPackage> fetch_packages(const AptIndex& index, const fs::path& status,
                                             const PackageChange& change) {
    const base::FileLock lock(index.folder / "install.lock");
    base::Command simulation = apt_for(index, status, change);
    simulation.argv.insert(simulation.argv.begin() + 1, "--simulate");
    const std::vector<SimulatedPackage> packages =
        parse_simulation(base::run_checked(simulation).out);
    if (!packages.empty()) {
        base::Command download = apt_for(index, status, change);
        download.argv.insert(download.argv.begin() + 1, "--download-only");
        base::run_checked(download);
    }
    return packages;
}

void read_status(GuestfishSession& session, const fs::path& to) {
    constexpr const char* kStatus = "/var/lib/dpkg/status";
    const auto status = find_guest_text(session, kStatus, kMostStatusBytes);
    if (!status) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' in the image is missing or longer than 64 MiB", kStatus));
    }
    base::write_file(to, plain_dpkg_status(*status));
}

}  // namespace

std::string plain_dpkg_status(std::string_view status) {
    std::string plain;
    while (!status.empty()) {
        const std::size_t end = std::min(status.find('\n'), status.size());
        const std::string_view line = status.substr(0, end);
        status.remove_prefix(std::min(end + 1, status.size()));
        const std::string_view field = line.substr(0, line.find(':'));
        const bool is_known =
            std::find(kStatusFields.begin(), kStatusFields.end(), field) != kStatusFields.end();
        const bool is_plain =
            line.size() <= kMostFieldBytes &&
            std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
        if (line.empty() || (is_known && is_plain)) {
            plain += line;
            plain += '\n';
        }
    }
    return plain;
}

std::vector<SimulatedPackage> parse_simulation(std::string_view text) {
    std::vector<SimulatedPackage> packages;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("Inst ")) {
            continue;
        }
        const std::size_t open = line.find('(');
        const std::size_t close = line.find(')', open);
        if (open == std::string::npos || close == std::string::npos) {
            continue;
        }
        SimulatedPackage package;
        std::istringstream words(line.substr(5, open - 5));
        std::string old;
        words >> package.name >> old;
        package.name = plain_package_name(package.name);
        package.is_new = old.empty();
        const std::string inner = line.substr(open + 1, close - open - 1);
        package.version = inner.substr(0, inner.find(' '));
        const std::size_t bracket = inner.rfind('[');
        if (bracket != std::string::npos && inner.ends_with(']')) {
            package.architecture = inner.substr(bracket + 1, inner.size() - bracket - 2);
        }
        packages.push_back(std::move(package));
    }
    return packages;
}

std::string deb_file_name(const SimulatedPackage& package) {
    std::string version;
    for (const char c : package.version) {
        version += c == ':' ? std::string("%3a") : std::string(1, c);
    }
    return fmt::format("{}_{}_{}.deb", package.name, version, package.architecture);
}

std::string plain_package_name(const std::string& wanted) {
    return wanted.substr(0, wanted.find_first_of(":=/"));
}

void change_guest_packages(GuestfishSession& session, GuestSteps& steps, const AptIndex& index,
                           const fs::path& work, const PackageChange& change,
                           const std::string& where) {
    base::in_context(where, [&] {
        const fs::path status = work / "dpkg-status";
        read_status(session, status);
        const std::vector<SimulatedPackage> packages = fetch_packages(index, status, change);
        if (packages.empty()) {
            return;  // it has them all
        }
        TreeCommand install{{"sh", "-e", "-c", kInstallFiles, "sh", kDebsInGuest}, ""};
        std::vector<std::string> files;
        for (const SimulatedPackage& package : packages) {
            files.push_back(deb_file_name(package));
            const bool asked = std::any_of(
                change.names.begin(), change.names.end(),
                [&](const auto& name) { return plain_package_name(name) == package.name; });
            if (package.is_new && !asked) {
                install.argv.push_back(package.name);
            }
        }
        steps.add_files(index.folder / "archives", files, kDebsInGuest);
        steps.run(install, describe(change));
    });
}

}  // namespace imagebuilder
