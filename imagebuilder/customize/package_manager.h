// SPDX-License-Identifier: Apache-2.0
// Packages of a system in an image, whatever its package manager: which one it is, and the shell
// commands that install, remove and update by it. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

enum class PackageManager { apt, dnf, yum, zypper, apk, pacman };

std::string_view to_string(PackageManager manager);  // "apt"

// The programs that tell which are there: "apt-get", "dnf", …
std::span<const std::string_view> package_programs();

// By ID and ID_LIKE of an os-release, as far as its program is there; else by the programs alone.
std::optional<PackageManager> choose_package_manager(std::string_view os_release,
                                                     const std::vector<std::string>& programs);

struct PackageChange {
    enum class Verb { install, remove, update };
    Verb verb = Verb::install;
    std::vector<std::string> names;  // none for update
};
std::string describe(const PackageChange& change);  // "install: nginx curl"

// For `sh -e` as root, without questions. The index is as it was fetched by refresh_script().
std::string package_script(PackageManager manager, const PackageChange& change);
// Fetches the index; empty: that happens by itself.
std::string refresh_script(PackageManager manager);

// Installs by whichever of the programs is there, index included: for a machine's first boot.
std::string any_manager_script(const std::vector<std::string>& names);

}  // namespace imagebuilder
