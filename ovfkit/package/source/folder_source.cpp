// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/folder_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/package/manifest.h"
#include "ovfkit/package/reference_check.h"
#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/tar/tar_header.h"

namespace ovfkit {

namespace {

constexpr std::uint64_t kTextLimit = 16 * base::kMiB;
constexpr std::size_t kMaxMembers = 4096;

struct stat stat_of(int fd, const std::string& name) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
        throw base::SystemError(errno, fmt::format("cannot stat '{}'", name));
    }
    return info;
}

[[noreturn]] void refuse_link(const std::string& name) {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("'{}' is a symbolic link, or lies behind one", name),
                      "a package holds regular files only: put the file itself into the folder");
}

}  // namespace

base::UniqueFd open_beneath(int folder_fd, const std::string& name) {
    const std::string plain = normalized_member_name(name, "the folder");
    base::UniqueFd folder;
    std::size_t start = 0;
    while (true) {
        const std::size_t slash = plain.find('/', start);
        const bool is_last = slash == std::string::npos;
        const std::string part = plain.substr(start, is_last ? slash : slash - start);
        const int from = folder ? folder.get() : folder_fd;
        const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
        base::UniqueFd fd(::openat(from, part.c_str(), is_last ? flags : flags | O_DIRECTORY));
        if (!fd) {
            const int error = errno;
            if (error == ENOENT) {
                return {};
            }
            if (error == ELOOP || error == ENOTDIR) {
                refuse_link(plain);
            }
            throw base::SystemError(error, fmt::format("cannot open '{}'", plain));
        }
        if (is_last) {
            if (!S_ISREG(stat_of(fd.get(), plain).st_mode)) {
                throw base::Error(base::ErrorKind::invalid_input,
                                  fmt::format("'{}' is not a regular file", plain));
            }
            return fd;
        }
        folder = std::move(fd);
        start = slash + 1;
    }
}

FolderSource::FolderSource(const std::string& descriptor_path, std::string name)
    : TarStream(std::move(name)) {
    // The user's own link to the descriptor is followed; names inside the folder are not.
    const std::filesystem::path real = std::filesystem::canonical(descriptor_path);
    folder_fd_ = base::open_file(real.parent_path().string(), O_RDONLY | O_DIRECTORY);
    const std::string descriptor = real.filename().string();
    const std::string stem = descriptor.substr(0, descriptor.size() - 4);
    members_.push_back(descriptor);
    add_if_there(stem + ".mf");
    add_if_there(stem + ".cert");
    list_members(descriptor, stem + ".mf");
    for (const std::string& member : members_) {
        const base::UniqueFd fd = open_beneath(folder_fd_.get(), member);
        total_ +=
            fd ? static_cast<std::uint64_t>(stat_of(fd.get(), member).st_size) + kTarBlock : 0;
    }
}

std::string FolderSource::read_text(const std::string& name) const {
    const base::UniqueFd fd = open_beneath(folder_fd_.get(), name);
    if (!fd || static_cast<std::uint64_t>(stat_of(fd.get(), name).st_size) > kTextLimit) {
        return "";  // absent, or so large that the real pass will refuse it
    }
    std::string text(static_cast<std::size_t>(stat_of(fd.get(), name).st_size), '\0');
    text.resize(base::pread_some(fd.get(), std::as_writable_bytes(std::span(text)), 0, name));
    return text;
}

void FolderSource::add_if_there(const std::string& name) {
    const bool known = std::find(members_.begin(), members_.end(), name) != members_.end();
    if (!known && members_.size() < kMaxMembers && open_beneath(folder_fd_.get(), name)) {
        members_.push_back(name);
    }
}

void FolderSource::add_file_or_chunks(const std::string& name) {
    const std::size_t before = members_.size();
    add_if_there(name);
    while (members_.size() < kMaxMembers) {
        const std::size_t count = members_.size();
        add_if_there(fmt::format("{}.{:09}", name, count - before));
        if (members_.size() == count) {
            return;
        }
    }
}

// A descriptor or manifest that cannot be read lists nothing: the real pass will say why.
void FolderSource::list_members(const std::string& descriptor, const std::string& manifest) {
    const auto unless_invalid = [](const std::function<void()>& list) {
        try {
            list();
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::invalid_input &&
                error.kind() != base::ErrorKind::unsupported) {
                throw;
            }
        }
    };
    Envelope envelope;
    unless_invalid([&] { envelope = read_envelope(read_text(descriptor), descriptor); });
    for (const FileReference& file : envelope.files) {
        for (const std::string& name : member_names_of(file)) {
            add_file_or_chunks(name);
        }
    }
    Manifest listed;
    unless_invalid([&] { listed = parse_manifest(read_text(manifest), manifest, true); });
    for (const ManifestEntry& entry : listed.entries) {
        std::string name;
        unless_invalid([&] { name = normalized_member_name(entry.file, manifest); });
        if (!name.empty()) {
            add_if_there(name);
        }
    }
}

void FolderSource::check_unchanged() const {
    const struct stat info = stat_of(file_.get(), members_.at(next_ - 1));
    if (static_cast<std::uint64_t>(info.st_size) != file_size_) {
        throw base::Error(base::ErrorKind::conflict,
                          fmt::format("'{}' changed while it was read", members_.at(next_ - 1)),
                          "wait until nothing writes to it any more");
    }
}

std::optional<TarStream::Member> FolderSource::next_member() {
    if (file_) {
        check_unchanged();
        file_.reset();
    }
    if (next_ == members_.size()) {
        return std::nullopt;
    }
    const std::string& member = members_.at(next_++);
    file_ = open_beneath(folder_fd_.get(), member);
    if (!file_) {
        throw base::Error(base::ErrorKind::conflict,
                          fmt::format("'{}' vanished while the package was read", member));
    }
    file_size_ = static_cast<std::uint64_t>(stat_of(file_.get(), member).st_size);
    return Member{member, file_size_};
}

std::size_t FolderSource::read_member(std::span<std::byte> buffer) {
    const std::size_t got = base::read_some(file_.get(), buffer, members_.at(next_ - 1));
    if (got == 0) {
        check_unchanged();
    }
    return got;
}

}  // namespace ovfkit
