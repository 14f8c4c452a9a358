// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/package_manager.h"

#include <algorithm>
#include <array>
#include <sstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"

namespace imagebuilder {

namespace {

struct Manager {
    PackageManager manager;
    std::string_view name;
    std::string_view refresh;
    std::string_view install;
    std::string_view remove;
    std::string_view update;
};

constexpr std::array<Manager, 6> kManagers{{
    {PackageManager::apt, "apt", "apt-get -q update",
     "apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 "
     "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install",
     "apt-get -q -y purge", "apt-get -q -y -o Dpkg::Options::=--force-confold dist-upgrade"},
    {PackageManager::dnf, "dnf", "", "dnf -y install", "dnf -y remove", "dnf -y upgrade"},
    {PackageManager::yum, "yum", "", "yum -y install", "yum -y remove", "yum -y update"},
    {PackageManager::zypper, "zypper", "", "zypper -n install -l", "zypper -n remove",
     "zypper -n update -l"},
    {PackageManager::apk, "apk", "apk update", "apk add", "apk del", "apk upgrade"},
    {PackageManager::pacman, "pacman", "pacman -Sy --noconfirm", "pacman -S --noconfirm --needed",
     "pacman -R --noconfirm", "pacman -Su --noconfirm"},
}};

constexpr std::array<std::string_view, 6> kPrograms{"apt-get", "dnf", "yum",
                                                    "zypper",  "apk", "pacman"};

struct Family {
    std::string_view id;
    PackageManager first;
    PackageManager second;
};
using PM = PackageManager;
constexpr std::array<Family, 18> kFamilies{{
    {"debian", PM::apt, PM::apt},
    {"ubuntu", PM::apt, PM::apt},
    {"fedora", PM::dnf, PM::yum},
    {"rhel", PM::dnf, PM::yum},
    {"centos", PM::dnf, PM::yum},
    {"rocky", PM::dnf, PM::yum},
    {"almalinux", PM::dnf, PM::yum},
    {"ol", PM::dnf, PM::yum},
    {"amzn", PM::dnf, PM::yum},
    {"openEuler", PM::dnf, PM::yum},
    {"mageia", PM::dnf, PM::dnf},
    {"suse", PM::zypper, PM::zypper},
    {"opensuse", PM::zypper, PM::zypper},
    {"opensuse-leap", PM::zypper, PM::zypper},
    {"opensuse-tumbleweed", PM::zypper, PM::zypper},
    {"sles", PM::zypper, PM::zypper},
    {"alpine", PM::apk, PM::apk},
    {"arch", PM::pacman, PM::pacman},
}};

const Manager& entry_of(PackageManager manager) {
    return kManagers.at(static_cast<std::size_t>(manager));
}

// The words of ID, then of ID_LIKE.
std::vector<std::string> family_names(std::string_view os_release) {
    std::vector<std::string> ids;
    std::vector<std::string> likes;
    std::istringstream lines{std::string(os_release)};
    for (std::string line; std::getline(lines, line);) {
        const bool is_id = line.starts_with("ID=");
        if (!is_id && !line.starts_with("ID_LIKE=")) {
            continue;
        }
        std::string value = line.substr(line.find('=') + 1);
        std::erase_if(value, [](char c) { return c == '"' || c == '\'' || c == '\r'; });
        std::istringstream words(value);
        for (std::string word; words >> word;) {
            (is_id ? ids : likes).push_back(word);
        }
    }
    ids.insert(ids.end(), likes.begin(), likes.end());
    return ids;
}

std::string with_names(std::string_view command, const std::vector<std::string>& names) {
    std::string line(command);
    for (const std::string& name : names) {
        line += " " + base::shell_quote(name);
    }
    return line;
}

}  // namespace

std::string_view to_string(PackageManager manager) {
    return entry_of(manager).name;
}

std::span<const std::string_view> package_programs() {
    return kPrograms;
}

std::optional<PackageManager> choose_package_manager(std::string_view os_release,
                                                     const std::vector<std::string>& programs) {
    const auto is_there = [&](PackageManager manager) {
        return std::find(programs.begin(), programs.end(),
                         kPrograms.at(static_cast<std::size_t>(manager))) != programs.end();
    };
    for (const std::string& name : family_names(os_release)) {
        const auto family = std::find_if(kFamilies.begin(), kFamilies.end(),
                                         [&](const Family& entry) { return entry.id == name; });
        if (family == kFamilies.end()) {
            continue;
        }
        for (const PackageManager manager : {family->first, family->second}) {
            if (is_there(manager)) {
                return manager;
            }
        }
    }
    for (const Manager& entry : kManagers) {
        if (is_there(entry.manager)) {
            return entry.manager;
        }
    }
    return std::nullopt;
}

std::string describe(const PackageChange& change) {
    switch (change.verb) {
        case PackageChange::Verb::install: return with_names("install:", change.names);
        case PackageChange::Verb::remove: return with_names("uninstall:", change.names);
        case PackageChange::Verb::update: return "update all packages";
    }
    base::unreachable("a change of packages of no kind");
}

std::string package_script(PackageManager manager, const PackageChange& change) {
    const Manager& entry = entry_of(manager);
    const std::string_view command = change.verb == PackageChange::Verb::install  ? entry.install
                                     : change.verb == PackageChange::Verb::remove ? entry.remove
                                                                                  : entry.update;
    // zypper says by 102 and 103 that it went well and something should be restarted.
    return with_names(command, change.names) + (manager == PackageManager::zypper
                                                    ? " || case $? in 102|103) ;; *) exit 1 ;; esac"
                                                    : "");
}

std::string refresh_script(PackageManager manager) {
    return std::string(entry_of(manager).refresh);
}

std::string any_manager_script(const std::vector<std::string>& names) {
    using Verb = PackageChange::Verb;
    std::string script;
    for (const Manager& entry : kManagers) {
        script += fmt::format("{} command -v {} >/dev/null; then\n", script.empty() ? "if" : "elif",
                              kPrograms.at(static_cast<std::size_t>(entry.manager)));
        if (!entry.refresh.empty()) {
            script += fmt::format("    {}\n", entry.refresh);
        }
        script += fmt::format(
            "    {}{}\n",
            entry.manager == PackageManager::apt ? "DEBIAN_FRONTEND=noninteractive " : "",
            package_script(entry.manager, {Verb::install, names}));
    }
    return script + "else\n    echo 'no package manager' >&2\n    exit 1\nfi";
}

}  // namespace imagebuilder
