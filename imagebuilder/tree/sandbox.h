// SPDX-License-Identifier: Apache-2.0
// Runs programs in an image's tree: chroot in namespaces of their own (mounts, processes, host
// name, IPC; users too when we are not root), with /proc, a minimal /dev, and empty /run and /tmp.
// Mounts vanish with the last process, so nothing has to be undone on the host. The network is the
// host's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/process.h"

namespace imagebuilder {

// A file system in a disk image, mounted for as long as the program runs. Root only.
struct LoopMount {
    std::filesystem::path image;  // raw
    std::uint64_t offset = 0;     // of the file system, in bytes
    bool read_only = false;
};

struct Sandbox {
    std::filesystem::path tree;
    std::optional<LoopMount> mount;  // on `tree`; nullopt: the tree is a folder with the files
    // Folders or files of the host shown in the tree: host path, path in the tree. The latter must
    // exist, or lie below /run (it is made then).
    std::vector<std::pair<std::filesystem::path, std::string>> binds;
    std::map<std::string, std::string> env;  // besides PATH, HOME, LC_ALL and the like
    bool own_terminal = false;  // standard input becomes the terminal of a session of its own
};

// argv as root in the tree. The caller sets stdin, time limit and output.
base::Command command_in_tree(const Sandbox& sandbox, const std::vector<std::string>& argv);

// argv on the host, but as the tree's owner: root, or root of a user namespace in which the tree's
// other owners exist too.
base::Command command_as_owner(const std::vector<std::string>& argv);

// Throws environment when this user cannot have a tree of its own: no subordinate ids, no uidmap.
void require_namespaces();

// Removes a tree with all its owners. Absent is fine; never throws for an interrupt.
void remove_tree(const std::filesystem::path& tree);

}  // namespace imagebuilder
