// SPDX-License-Identifier: Apache-2.0
// The recipe of an image: what `recipe.yaml` says, as plain values. parse_recipe() knows the text
// only; load_recipe() also reads the recipes it is built on (`from:`). Nothing here touches a tree.
// Keys that are unknown, or known but not honoured yet, are errors with line and column.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "imagebuilder/config/recipe_config.h"

namespace imagebuilder {

// A file with content of its own. Parent folders are made as needed (root, 0755).
struct WriteFile {
    std::string path;     // absolute, in the image
    std::string content;  // as it is: no variables in it
    unsigned permissions = 0644;
    std::string owner = "root:root";  // names of the image; "user" alone means "user:user"
};

// A file, or the content of a folder, from beside the recipe.
struct CopyFiles {
    std::string from;  // relative to the recipe's folder, never outside it
    std::string to;    // absolute; for a folder, the folder that gets the content
    std::string owner = "root:root";
    std::optional<unsigned> permissions;  // of a single file; default: as it is
};

struct RunCommand {
    std::string script;  // run by `sh -e -c` as root in the image
};

// Units for systemctl enable, disable or mask.
struct UnitsChange {
    enum class Verb { enable, disable, mask };
    Verb verb = Verb::enable;
    std::vector<std::string> units;
};

struct AddUser {
    std::string name;
    std::vector<std::string> groups;  // made when absent
    std::vector<std::string> ssh_authorized_keys;
    std::string password_hash;  // crypt(3) text such as $6$…; empty: no password login
    std::string shell = "/bin/bash";
    bool system = false;
};

struct InstallPackages {
    std::vector<std::string> names;
};

using Action =
    std::variant<InstallPackages, AddUser, WriteFile, CopyFiles, RunCommand, UnitsChange>;

struct Step {
    Action action;
    std::string where;  // "recipe.yaml:12:5", for messages
};

// "run: nginx -t", "packages: nginx ca-certificates": one line for progress and records.
std::string describe(const Action& action);

struct DebianSource {
    std::string release;                     // "bookworm"
    std::vector<std::string> exclude_paths;  // dpkg path-exclude patterns
    std::vector<std::string> include_paths;  // dpkg path-include patterns
};

// What is there already, instead of a bootstrap: the tar of a root file system, a disk with one, or
// a CD that installs one.
struct BaseSource {
    enum class Kind { tarball, image, disk, ova, iso, saved };
    Kind kind = Kind::tarball;
    // A path from the recipe's folder; of tarball, image and iso also a URL; of a saved template
    // its name.
    std::string location;
    std::string sha256;  // of the file, lower-case hex; empty: not checked (never for a URL)
    std::string system;  // of an OVA: whose first disk; empty: the only one
    // Whose first line opens the encrypted volumes of a disk; a path from the recipe's folder.
    std::string key_file = {};
};
std::string_view to_string(BaseSource::Kind kind);  // as the recipe's key: "tarball"

// What the root file system is, and what it is in. Not ext4 or a plain partition: the executor
// libguestfs makes it.
struct RootKind {
    std::string filesystem = "ext4";  // or "xfs", "btrfs"
    bool lvm = false;                 // in a logical volume, kRootVolume
    bool operator==(const RootKind&) const = default;
    bool is_plain() const { return *this == RootKind(); }
};
inline constexpr const char* kVolumeGroup = "muster";
inline constexpr const char* kRootVolume = "/dev/mapper/muster-root";

// How a CD installs a system without anybody at the keyboard.
struct InstallSpec {
    enum class Kind { preseed, kickstart, autoinstall };  // Debian, Fedora and kin, Ubuntu
    Kind kind = Kind::preseed;
    std::string answers;  // a path from the recipe's folder
    std::string kernel;   // paths in the CD; empty: where that installer has them
    std::string initrd;
    std::vector<std::string> kernel_arguments;  // besides those that name the answers
    std::uint64_t disk_bytes = std::uint64_t{8} << 30U;
    std::uint64_t memory_bytes = std::uint64_t{2} << 30U;
    std::chrono::seconds timeout{3600};
};

struct DiskLayout {
    std::uint64_t size_bytes = std::uint64_t{2} << 30U;
    bool grow = true;        // the root file system follows a larger disk at the next boot
    bool must_grow = false;  // a tree that lacks the programs for it is refused
    // How the disk boots by itself; at least one of them.
    bool bios = true;
    bool uefi = false;  // costs the kernel and the initrd a second time
    RootKind root;
};

struct Recipe {
    std::string name;  // default: what its file or folder is called
    std::string version = "0";
    std::string description;
    std::filesystem::path folder;        // of the recipe file
    std::filesystem::path file;          // the recipe file itself
    std::string text;                    // the file as it was read: goes into the cache key
    std::optional<DebianSource> source;  // exactly one of source and parent
    // Instead of a bootstrap; `source` then only says which release packages are of, if anything.
    std::optional<BaseSource> base;
    std::optional<InstallSpec> install;    // of a base that is an ISO
    std::shared_ptr<const Recipe> parent;  // `from:`; its steps come first
    // In this order: packages, users, write_files, copy, run, enable, disable, mask of the top
    // level, then `steps` as written.
    std::vector<Step> steps;
    RecipeConfig config;                  // its own; with the parents': image_config.h
    std::optional<std::string> hostname;  // this and the next five: the parent's when not given
    std::vector<std::string> firstboot;   // shell commands, once per machine; added to the parent's
    std::vector<std::string> kernel_arguments;  // added to the parent's
    std::optional<DiskLayout> disk;
    std::optional<bool> guest;  // false: no muster-guest in the image
    std::optional<bool> seal;   // `seal: template` is true, `seal: none` false
};

// Throws invalid_input (unknown keys, wrong types) or unsupported (known, not honoured yet).
// `name` is the file's name for messages; `from:` is only checked, not read.
Recipe parse_recipe(std::string_view text, const std::string& name);

// A folder with recipe.yaml, or the file itself. Reads the chain of parents (at most 8, no loops).
Recipe load_recipe(const std::filesystem::path& location);

// The value of this recipe or the nearest parent that has one, else the default.
DiskLayout disk_of(const Recipe& recipe);
bool wants_guest(const Recipe& recipe);
bool wants_seal(const Recipe& recipe);
const DebianSource& source_of(const Recipe& recipe);
// The recipe of the chain that has the source.
const Recipe& first_of(const Recipe& recipe);
// Nothing runs in the tree of such a chain.
bool has_steps(const Recipe& recipe);

}  // namespace imagebuilder
