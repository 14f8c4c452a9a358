// SPDX-License-Identifier: Apache-2.0
// One entry of a file tree on its way from a tar stream into a file system. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace imagebuilder {

struct FileEntry {
    enum class Type {
        file,
        directory,
        symlink,
        hard_link,
        char_device,
        block_device,
        fifo,
        socket
    };
    std::string path;  // "usr/bin/env"; empty: the root itself
    Type type = Type::file;
    std::uint32_t permissions = 0;  // the low 12 bits of the mode
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;
    std::uint64_t size = 0;   // of a file
    std::string link_target;  // of a symlink, or the earlier path of a hard link
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::vector<std::pair<std::string, std::string>> xattrs;  // name with its namespace, value
};

}  // namespace imagebuilder
