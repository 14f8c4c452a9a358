// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/folder_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

// Makes the folders of "a/b/file" beneath the folder and opens the last of them.
base::UniqueFd open_parent(int folder_fd, const std::string& name) {
    base::UniqueFd parent(::fcntl(folder_fd, F_DUPFD_CLOEXEC, 3));
    std::size_t start = 0;
    for (std::size_t slash = name.find('/'); slash != std::string::npos;
         slash = name.find('/', start)) {
        const std::string part = name.substr(start, slash - start);
        if (::mkdirat(parent.get(), part.c_str(), 0755) != 0 && errno != EEXIST) {
            throw base::SystemError(errno, fmt::format("cannot make the folder of '{}'", name));
        }
        base::UniqueFd next(
            ::openat(parent.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!next) {
            throw base::SystemError(errno, fmt::format("cannot open the folder of '{}'", name));
        }
        parent = std::move(next);
        start = slash + 1;
    }
    return parent;
}

base::UniqueFd open_file_of(int folder_fd, const std::string& name, int flags) {
    const base::UniqueFd parent = open_parent(folder_fd, name);
    const std::string last = name.substr(name.rfind('/') + 1);  // npos + 1 is 0
    base::UniqueFd fd(::openat(parent.get(), last.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd) {
        throw base::SystemError(errno, fmt::format("cannot write '{}'", name));
    }
    return fd;
}

}  // namespace

FolderWriter::FolderWriter(const std::string& folder)
    : folder_(folder), folder_fd_(base::open_file(folder, O_RDONLY | O_DIRECTORY)) {
}

void FolderWriter::begin_member(const std::string& name, std::optional<std::uint64_t> size) {
    if (file_) {
        base::unreachable("member of a folder begun inside another");
    }
    const std::string plain = normalized_member_name(name, folder_);
    file_ = open_file_of(folder_fd_.get(), plain, O_WRONLY | O_CREAT | O_EXCL);
    members_.push_back({plain, position_, 0});
    announced_ = size;
}

void FolderWriter::write(std::span<const std::byte> data) {
    base::write_all(file_.get(), data, members_.back().name);
    position_ += data.size();
}

void FolderWriter::end_member() {
    Written& member = members_.back();
    member.size = position_ - member.start;
    if (announced_ && *announced_ != member.size) {
        throw base::Error(base::ErrorKind::internal,
                          fmt::format("member '{}' has {} bytes, but {} were announced",
                                      member.name, member.size, *announced_));
    }
    if (::fsync(file_.get()) != 0) {
        throw base::SystemError(errno, fmt::format("cannot write '{}'", member.name));
    }
    file_.reset();
}

void FolderWriter::patch(std::uint64_t offset, std::string_view data) {
    for (const Written& member : members_) {
        if (offset >= member.start && offset + data.size() <= member.start + member.size) {
            const base::UniqueFd fd = open_file_of(folder_fd_.get(), member.name, O_WRONLY);
            base::pwrite_all(fd.get(), base::as_bytes(data), offset - member.start, member.name);
            if (::fsync(fd.get()) != 0) {
                throw base::SystemError(errno, fmt::format("cannot write '{}'", member.name));
            }
            return;
        }
    }
    base::unreachable("patching what is no complete member of a folder");
}

void FolderWriter::finish() {
    if (::fsync(folder_fd_.get()) != 0) {
        throw base::SystemError(errno, fmt::format("cannot write '{}'", folder_));
    }
}

}  // namespace ovfkit
