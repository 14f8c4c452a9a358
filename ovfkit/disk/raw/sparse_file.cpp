// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/raw/sparse_file.h"

#include <sys/statvfs.h>
#include <unistd.h>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/fd.h"

namespace ovfkit {

SparseFile::SparseFile(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
}

std::string SparseFile::space_hint() const {
    struct statvfs info {};
    if (::fstatvfs(fd_, &info) != 0) {
        return "free some space on that file system and try again";
    }
    return fmt::format("{} are free on that file system: free some space and try again",
                       base::format_byte_size(static_cast<std::uint64_t>(info.f_bavail) *
                                              static_cast<std::uint64_t>(info.f_frsize)));
}

void SparseFile::write_at(std::uint64_t offset, std::span<const std::byte> data) const {
    try {
        base::pwrite_all(fd_, data, offset, name_);
    } catch (base::SystemError& error) {
        if (error.error_number() == ENOSPC || error.error_number() == EDQUOT) {
            error.set_hint(space_hint());
        }
        throw;
    }
}

void SparseFile::read_at(std::uint64_t offset, std::span<std::byte> buffer) const {
    base::pread_exactly(fd_, buffer, offset, name_);
}

void SparseFile::set_size(std::uint64_t bytes) const {
    if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) {
        const int error_number = errno;
        throw base::SystemError(
            error_number,
            fmt::format("cannot give disk '{}' its size of {}", name_,
                        base::format_byte_size(bytes)),
            error_number == EFBIG ? "the file system does not take files of that size" : "");
    }
}

}  // namespace ovfkit
