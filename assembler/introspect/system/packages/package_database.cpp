// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/packages/package_database.h"

#include <algorithm>
#include <array>

#include "assembler/introspect/system/packages/apk.h"
#include "assembler/introspect/system/packages/dpkg.h"

namespace assembler::introspect {

namespace {

constexpr std::size_t kMaxOwnedFiles = 3'000'000;

// Nothing that is asked for lies there, and most of what packages bring does.
bool is_never_asked_for(std::string_view path) {
    constexpr std::array<std::string_view, 6> kFolders{"doc/",      "man/",   "locale/",
                                                       "zoneinfo/", "icons/", "perl/"};
    constexpr std::string_view kShare = "/usr/share/";
    if (path.starts_with("/usr/include/") || path.starts_with("/usr/src/") ||
        path.starts_with("/lib/modules/") || path.starts_with("/usr/lib/modules/")) {
        return true;
    }
    if (!path.starts_with(kShare)) {
        return false;
    }
    const std::string_view rest = path.substr(kShare.size());
    return std::any_of(kFolders.begin(), kFolders.end(),
                       [&](std::string_view folder) { return rest.starts_with(folder); });
}

bool is_merged_folder(std::string_view path) {
    constexpr std::array<std::string_view, 5> kMerged{"/bin/", "/sbin/", "/lib/", "/lib64/",
                                                      "/lib32/"};
    return std::any_of(kMerged.begin(), kMerged.end(),
                       [&](std::string_view folder) { return path.starts_with(folder); });
}

}  // namespace

const PackageDatabase::Known* PackageDatabase::find_owner(std::string_view path) const {
    auto found = owners_.find(path);
    constexpr std::string_view kUsr = "/usr";
    if (found == owners_.end() && path.starts_with(kUsr) &&
        is_merged_folder(path.substr(kUsr.size()))) {
        found = owners_.find(path.substr(kUsr.size()));
    } else if (found == owners_.end() && is_merged_folder(path)) {
        found = owners_.find(std::string(kUsr) + std::string(path));
    }
    return found == owners_.end() ? nullptr : &packages_.at(found->second);
}

std::string_view PackageDatabase::package_of(std::string_view path) const {
    const Known* owner = find_owner(path);
    return owner == nullptr ? std::string_view() : owner->name;
}

bool PackageDatabase::is_base(std::string_view package) const {
    const auto found = by_name_.find(std::string(package));
    return found != by_name_.end() && packages_.at(found->second).base;
}

std::uint32_t PackageDatabase::add_package(std::string_view name, bool base) {
    const auto number = static_cast<std::uint32_t>(packages_.size());
    const auto [at, is_new] = by_name_.try_emplace(std::string(name), number);
    if (is_new) {
        packages_.push_back({std::string(name), base});
    }
    return at->second;
}

void PackageDatabase::add_file_list(std::uint32_t package, std::string list) {
    texts_.push_back(std::move(list));
    std::string_view text = texts_.back();
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view path = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (path.size() > 1 && !is_never_asked_for(path) && owners_.size() < kMaxOwnedFiles) {
            owners_.try_emplace(path, package);
        }
    }
}

void PackageDatabase::add_file(std::uint32_t package, std::string path) {
    if (owners_.size() < kMaxOwnedFiles) {
        texts_.push_back(std::move(path));
        owners_.try_emplace(texts_.back(), package);
    }
}

bool is_rpm_base(std::string_view package) {
    static constexpr std::array<std::string_view, 26> kNames{
        "basesystem", "bash",      "chkconfig",  "coreutils", "cronie", "dbus",    "dnf",
        "dracut",     "e2fsprogs", "filesystem", "firewalld", "gawk",   "grep",    "grub2",
        "iproute",    "kernel",    "openssl",    "passwd",    "rpm",    "selinux", "setup",
        "sudo",       "systemd",   "util-linux", "yum",       "zypper"};
    static constexpr std::array<std::string_view, 2> kPrefixes{"glibc", "lib"};
    const auto is_of = [&](std::string_view name) {
        return package == name || (package.starts_with(name) && package[name.size()] == '-');
    };
    return std::any_of(kNames.begin(), kNames.end(), is_of) ||
           std::any_of(kPrefixes.begin(), kPrefixes.end(),
                       [&](std::string_view prefix) { return package.starts_with(prefix); });
}

PackageDatabase read_packages(Reading& reading, const std::vector<PackageFact>& listed) {
    PackageDatabase database;
    reading.part("packages of dpkg", [&] { read_dpkg(reading, database); });
    reading.part("packages of apk", [&] { read_apk(reading, database); });
    if (reading.facts().packages.empty()) {
        for (const PackageFact& package : listed) {
            reading.facts().packages.push_back(package);
            reading.facts().packages.back().base = is_rpm_base(package.name);
            database.add_package(package.name, is_rpm_base(package.name));
        }
    }
    for (const char* folder : {"/var/lib/rpm", "/usr/lib/sysimage/rpm"}) {
        for (const char* file : {"/rpmdb.sqlite", "/Packages", "/Packages.db"}) {
            const std::string path = std::string(folder) + file;
            if (reading.facts().packages.empty() && reading.tree().find(path)) {
                reading.remark(kRpmRemark, {.file = path});
            }
        }
    }
    std::vector<PackageFact>& packages = reading.facts().packages;
    std::stable_sort(packages.begin(), packages.end(),
                     [](const PackageFact& a, const PackageFact& b) { return a.name < b.name; });
    if (packages.empty()) {
        reading.remark("no packages were found: what was changed since is not known");
    }
    return database;
}

}  // namespace assembler::introspect
