// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/tar_entries.h"

#include <sys/stat.h>
#include <filesystem>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "base/error.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

// "./usr/bin/" → "usr/bin".
std::string clean_path(const char* raw, const std::string& archive_name) {
    std::string clean;
    for (const auto& part : std::filesystem::path(raw != nullptr ? raw : "")) {
        if (part == "..") {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("{}: '{}' climbs out of the tree", archive_name, raw));
        }
        if (part.empty() || part == "." || part == "/") {
            continue;
        }
        clean += (clean.empty() ? "" : "/") + part.string();
    }
    return clean;
}

FileEntry::Type type_of(archive_entry* raw, const std::string& archive_name) {
    if (archive_entry_hardlink(raw) != nullptr) {
        return FileEntry::Type::hard_link;
    }
    switch (archive_entry_filetype(raw)) {
        case AE_IFREG: return FileEntry::Type::file;
        case AE_IFDIR: return FileEntry::Type::directory;
        case AE_IFLNK: return FileEntry::Type::symlink;
        case AE_IFCHR: return FileEntry::Type::char_device;
        case AE_IFBLK: return FileEntry::Type::block_device;
        case AE_IFIFO: return FileEntry::Type::fifo;
        case AE_IFSOCK: return FileEntry::Type::socket;
        default: break;
    }
    throw Error(ErrorKind::invalid_input, fmt::format("{}: '{}' has an unknown type", archive_name,
                                                      archive_entry_pathname(raw)));
}

void take_xattrs(archive_entry* raw, FileEntry& entry) {
    entry.xattrs.clear();
    archive_entry_xattr_reset(raw);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (archive_entry_xattr_next(raw, &name, &value, &size) == ARCHIVE_OK) {
        if (!std::string_view(name).starts_with("trusted.SGI_")) {  // XFS's other names of ACLs
            entry.xattrs.emplace_back(name, std::string(static_cast<const char*>(value), size));
        }
    }
}

}  // namespace

struct TarEntries::State {
    archive* reader = nullptr;
    std::string name;

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { archive_read_free(reader); }

    void require_open(int status) const {
        if (status != ARCHIVE_OK) {
            fail();
        }
    }

    [[noreturn]] void fail() const {
        const char* text = archive_error_string(reader);
        throw Error(ErrorKind::invalid_input,
                    fmt::format("{}: {}", name, text != nullptr ? text : "broken tar"));
    }
};

TarEntries::TarEntries(int fd, std::string name) : TarEntries(std::move(name)) {
    state_->require_open(archive_read_open_fd(state_->reader, fd, 1U << 20U));
}

TarEntries::TarEntries(std::string_view bytes, std::string name) : TarEntries(std::move(name)) {
    state_->require_open(archive_read_open_memory(state_->reader, bytes.data(), bytes.size()));
}

TarEntries::TarEntries(std::string name) : state_(std::make_unique<State>()) {
    state_->name = std::move(name);
    state_->reader = archive_read_new();
    if (state_->reader == nullptr) {
        throw std::bad_alloc();
    }
    archive_read_support_format_tar(state_->reader);
    archive_read_support_filter_gzip(state_->reader);
    archive_read_support_filter_xz(state_->reader);
    archive_read_support_filter_zstd(state_->reader);
    // Names are bytes; without this a name outside of the locale's characters is a warning at most.
    archive_read_set_options(state_->reader, "hdrcharset=BINARY");
}

TarEntries::~TarEntries() = default;

bool TarEntries::next(FileEntry& entry) {
    archive_entry* raw = nullptr;
    const int status = archive_read_next_header(state_->reader, &raw);
    if (status == ARCHIVE_EOF) {
        return false;
    }
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
        state_->fail();
    }
    entry.path = clean_path(archive_entry_pathname(raw), state_->name);
    entry.type = type_of(raw, state_->name);
    entry.permissions = archive_entry_perm(raw) & 07777U;
    entry.uid = static_cast<std::uint32_t>(archive_entry_uid(raw));
    entry.gid = static_cast<std::uint32_t>(archive_entry_gid(raw));
    entry.mtime = archive_entry_mtime(raw);
    entry.size = static_cast<std::uint64_t>(archive_entry_size(raw));
    entry.device_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(raw));
    entry.device_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(raw));
    entry.link_target.clear();
    if (entry.type == FileEntry::Type::hard_link) {
        entry.link_target = clean_path(archive_entry_hardlink(raw), state_->name);
    } else if (entry.type == FileEntry::Type::symlink) {
        entry.link_target = archive_entry_symlink(raw);
    }
    take_xattrs(raw, entry);
    return true;
}

std::size_t TarEntries::read(std::span<std::byte> buffer) {
    const la_ssize_t got = archive_read_data(state_->reader, buffer.data(), buffer.size());
    if (got < 0) {
        state_->fail();
    }
    return static_cast<std::size_t>(got);
}

}  // namespace imagebuilder
