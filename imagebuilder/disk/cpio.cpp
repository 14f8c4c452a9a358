// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/cpio.h"

#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>

namespace imagebuilder {

namespace {

void pad_to_four(std::string& bytes) {
    bytes.resize((bytes.size() + 3) / 4 * 4, '\0');
}

}  // namespace

void CpioWriter::add(std::string_view path, unsigned mode, std::string_view data, unsigned major,
                     unsigned minor) {
    // Linux, Documentation/driver-api/early-userspace/buffer-format: 13 fields of 8 hex digits:
    // inode, mode, uid, gid, links, mtime, size, device (2), special device (2), name size, sum.
    bytes_ += fmt::format(
        "070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}",
        next_inode_++, mode, 0, 0, 1, 0, data.size(), 0, 0, major, minor, path.size() + 1, 0);
    bytes_ += path;
    bytes_ += '\0';
    pad_to_four(bytes_);
    bytes_ += data;
    pad_to_four(bytes_);
}

void CpioWriter::add_directory(std::string_view path) {
    add(path, S_IFDIR | 0755U, "");
}

void CpioWriter::add_file(std::string_view path, std::string_view data, unsigned permissions) {
    add(path, S_IFREG | permissions, data);
}

void CpioWriter::add_symlink(std::string_view path, std::string_view target) {
    add(path, S_IFLNK | 0777U, target);
}

void CpioWriter::add_char_device(std::string_view path, unsigned major, unsigned minor) {
    add(path, S_IFCHR | 0600U, "", major, minor);
}

std::string CpioWriter::finish() {
    add("TRAILER!!!", 0, "");
    bytes_.resize((bytes_.size() + 511) / 512 * 512, '\0');
    return std::move(bytes_);
}

}  // namespace imagebuilder
