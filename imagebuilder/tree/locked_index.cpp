// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/locked_index.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "imagebuilder/tree/minimal_repository.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

// The bootstrap takes fetched packages from there, so a lock's packages are there too.
constexpr const char* kDebs = "bootstrap";

// Folders of the cache where builds keep what they fetched.
std::vector<fs::path> fetched_folders() {
    std::vector<fs::path> folders;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(base::cache_dir() / "apt", none)) {
        for (const char* sub : {"archives", kDebs}) {
            if (fs::is_directory(entry.path() / sub)) {
                folders.push_back(entry.path() / sub);
            }
        }
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

bool take_fetched(const InstalledPackage& package, const std::vector<fs::path>& folders,
                  const fs::path& to) {
    for (const fs::path& folder : folders) {
        const fs::path from = folder / deb_file_name(package);
        if (fs::exists(from) && base::sha256_of_file(from.string()) == package.sha256) {
            fs::copy_file(from, to, fs::copy_options::overwrite_existing);
            return true;
        }
    }
    return false;
}

// "deb [options] URI suite component": the third word, after the options.
std::vector<std::string> archive_roots(const std::string& sources) {
    std::vector<std::string> roots;
    std::istringstream lines(sources);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find("] ");
        std::string root = at == std::string::npos ? "" : line.substr(at + 2);
        root = root.substr(0, root.find(' '));
        if (!root.empty() && std::find(roots.begin(), roots.end(), root) == roots.end()) {
            roots.push_back(root);
        }
    }
    return roots;
}

bool fetch_locked(const InstalledPackage& package, const std::vector<std::string>& roots,
                  const fs::path& to) {
    for (const std::string& root : roots) {
        const std::string uri = root + (root.ends_with('/') ? "" : "/") + package.filename;
        const base::RunResult result =
            base::run(apt_command({"/usr/lib/apt/apt-helper", "-o", "APT::Sandbox::User=root",
                                   "download-file", uri, to.string(), "SHA256:" + package.sha256}));
        if (result.status == 0) {
            return true;
        }
        base::log(base::LogLevel::info, "imagebuilder", "'{}' is not there: {}", uri, result.err);
    }
    std::error_code gone;
    fs::remove(to, gone);
    return false;
}

void gather_debs(const LockFile& lock, const std::string& sources, const fs::path& repository) {
    const std::vector<fs::path> folders = fetched_folders();
    const std::vector<std::string> roots = archive_roots(sources);
    std::string missing;
    for (const InstalledPackage& package : lock.packages) {
        const fs::path to = repository / deb_file_name(package);
        if (!take_fetched(package, folders, to) && !fetch_locked(package, roots, to)) {
            missing +=
                fmt::format("{}{} {}", missing.empty() ? "" : ", ", package.name, package.version);
        }
    }
    if (!missing.empty()) {
        throw Error(
            ErrorKind::not_found,
            fmt::format("the archives have these packages of the lock file no more: {}", missing),
            "copy their files into the 'archives' folder of the cache, point the host's "
            "apt at an archive that keeps old versions, or make a new lock file");
    }
}

// Whole lines. The archive may have overruled what the package says.
std::string without_priority(const std::string& control) {
    std::string kept;
    std::istringstream lines(control);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("Priority:")) {
            kept += line + "\n";
        }
    }
    return kept;
}

// The index of a flat repository: each package's control paragraph and where its file is.
std::string flat_index(const LockFile& lock, const fs::path& repository) {
    std::string index;
    for (const InstalledPackage& package : lock.packages) {
        const fs::path deb = repository / deb_file_name(package);
        const std::string control =
            base::run_checked(apt_command({"dpkg-deb", "--field", deb.string()})).out;
        index +=
            without_priority(control) +
            fmt::format("Priority: {}\nFilename: ./{}\nSize: {}\nSHA256: {}\n\n", package.priority,
                        deb.filename().string(), base::file_size(deb), package.sha256);
    }
    return index;
}

void fill_repository(const LockFile& lock, const std::string& sources, const fs::path& folder) {
    const fs::path done = folder / "filled";
    if (fs::exists(done)) {
        return;
    }
    const fs::path repository = folder / kDebs;
    gather_debs(lock, sources, repository);
    const std::string index = flat_index(lock, repository);
    base::write_file(folder / "Packages", index);
    base::write_file(folder / "Release", flat_release(lock.release, lock.epoch, index));
    // Under the name that apt gives to the index of kLockedRepository in the tree.
    base::write_file(folder / "lists/_run_muster_repository_._Packages", index);
    base::write_file(done, "");
}

}  // namespace

std::string deb_file_name(const InstalledPackage& package) {
    std::string version = package.version;
    for (std::size_t at = version.find(':'); at != std::string::npos; at = version.find(':', at)) {
        version.replace(at, 1, "%3a");
    }
    return fmt::format("{}_{}_{}.deb", package.name, version, package.architecture);
}

AptIndex open_locked_index(const LockFile& lock) {
    const std::string id = base::digest_hex(base::DigestAlgorithm::sha256, make_lock_text(lock));
    AptIndex index;
    index.release = lock.release;
    index.folder = base::cache_dir() / "apt" / ("lock-" + id.substr(0, 16));
    index.digest = id;
    index.epoch = lock.epoch;
    index.image_sources = lock.sources;
    for (const char* sub : {"lists/partial", "archives/partial", "bootstrap", "cache"}) {
        base::make_dirs(index.folder / sub, 0755);
    }
    const base::FileLock guard(index.folder / "lock");
    index.repository = index.folder / kDebs;
    index.sources = fmt::format("deb [trusted=yes] copy:{} ./\n", kLockedRepository);
    base::write_file(index.folder / "sources.in-tree", index.sources);
    base::write_file(index.folder / "apt.conf",
                     "APT::Sandbox::User \"root\";\n"
                     "Dir::Cache::pkgcache \"\";\n"
                     "Dir::Cache::srcpkgcache \"\";\n"
                     "Dir::Etc::SourceList \"/run/muster/sources.list\";\n"
                     "Dir::Etc::SourceParts \"/dev/null\";\n");
    base::in_context("taking the packages of the lock file",
                     [&] { fill_repository(lock, lock.sources, index.folder); });
    return index;
}

}  // namespace imagebuilder
