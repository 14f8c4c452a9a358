// SPDX-License-Identifier: Apache-2.0
// The tree that a recipe starts from when it does not bootstrap one (`source: { tarball | image |
// disk | ova | iso | template: … }`): always a tar. That of a disk is kept in cache_dir()/trees by
// the digest of the disk. The disk is a stranger's: a locked-down child reads it
// (filetree/disk_tree.h), and what that says is checked here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/guestfs/guestfish.h"
#include "imagebuilder/install/installer.h"
#include "imagebuilder/recipe.h"
#include "imagebuilder/tarball/tarball.h"

namespace imagebuilder {

struct BaseTree {
    std::string kind;                // "tarball", "image": the recipe's word
    Tarball tarball;                 // of a disk: compressed by zstd, without devices
    std::string key;                 // hex; of what the tree is made of
    std::string release;             // code name by os-release; empty: none, or not looked at
    std::vector<std::string> notes;  // what was left out, or may be out of date

    std::string name() const { return kind + " " + tarball.name; }
};

// Throws what DiskTree throws for disks that are not read, unsupported for other systems than
// Debian and Ubuntu, and what finding the file throws.
//
// A CD is installed from first, when its tree is not in the cache.
struct BaseTools {
    // Reads the disks instead of us; encrypted ones always.
    std::optional<GuestfishSettings> guestfish;
    RunInstaller run_installer;  // empty: nothing can be installed
};
BaseTree get_base_tree(const Recipe& recipe, const BaseTools& tools = {});

// ID and VERSION_CODENAME of an os-release; what is not made of [a-z0-9.-] counts as none.
struct OsRelease {
    std::string id;
    std::string code_name;
};
OsRelease parse_os_release(std::string_view text);

}  // namespace imagebuilder
