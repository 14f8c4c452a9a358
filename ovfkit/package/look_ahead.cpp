// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/look_ahead.h"

#include <unistd.h>
#include <cerrno>
#include <functional>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

class AheadSource : public base::ByteSource {
  public:
    AheadSource(int fd, std::uint64_t offset, std::string name)
        : fd_(fd), offset_(offset), name_(std::move(name)) {}
    std::size_t read(std::span<std::byte> buffer) override {
        const std::size_t got = base::pread_some(fd_, buffer, offset_, name_);
        offset_ += got;
        return got;
    }
    void skip(std::uint64_t bytes) { offset_ += bytes; }
    const std::string& name() const override { return name_; }

  private:
    int fd_;
    std::uint64_t offset_;
    std::string name_;
};

void keep_first(std::optional<PackageText>& slot, TarReader& reader, const TarMember& member,
                std::uint64_t limit, std::string_view archive) {
    if (!slot) {
        slot = PackageText{member.name, read_text_member(reader, member, limit, archive)};
    }
}

}  // namespace

bool is_descriptor_name(std::string_view name) {
    return has_extension(name, ".ovf");
}

bool is_manifest_name(std::string_view name) {
    return has_extension(name, ".mf") && name.find('/') == std::string_view::npos;
}

bool is_certificate_name(std::string_view name) {
    return has_extension(name, ".cert") && name.find('/') == std::string_view::npos;
}

std::string read_text_member(TarReader& reader, const TarMember& member, std::uint64_t limit,
                             std::string_view archive) {
    if (member.size > limit) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{}: member '{}' has {} bytes, the limit is {}",
                                      quoted_source(archive), member.name, member.size, limit));
    }
    std::string text(member.size, '\0');
    for (std::size_t have = 0; have < text.size();) {
        have += reader.read(std::as_writable_bytes(std::span(text)).subspan(have));
    }
    return text;
}

std::string folder_of(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    return std::string(slash == std::string_view::npos ? "" : name.substr(0, slash + 1));
}

std::string without_folder(std::string_view name, std::string_view folder) {
    return std::string(name.starts_with(folder) ? name.substr(folder.size()) : name);
}

namespace {

// Every header of the archive, until `look` has seen enough or the archive is damaged.
void walk(const base::ByteSource& source, const VerifyPolicy& policy,
          const std::function<bool(TarReader&, const TarMember&)>& look) {
    const int fd = source.seekable_fd();
    const off_t offset = ::lseek(fd, 0, SEEK_CUR);
    if (offset < 0) {
        throw base::SystemError(errno, fmt::format("cannot seek in '{}'", source.name()));
    }
    AheadSource ahead(fd, static_cast<std::uint64_t>(offset), source.name());
    TarReader reader(ahead, policy.tar, [&](std::uint64_t bytes) { ahead.skip(bytes); });
    try {
        while (const std::optional<TarMember> member = reader.next()) {
            if (!look(reader, *member)) {
                return;
            }
        }
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::invalid_input) {
            throw;
        }
    }
}

}  // namespace

LookAhead look_ahead(const base::ByteSource& source, const VerifyPolicy& policy) {
    LookAhead found;
    if (source.seekable_fd() < 0) {
        return found;
    }
    walk(source, policy, [&](TarReader& /*reader*/, const TarMember& member) {
        if (!is_descriptor_name(member.name)) {
            return true;
        }
        found.folder = folder_of(member.name);
        return false;
    });
    walk(source, policy, [&](TarReader& reader, TarMember member) {
        member.name = without_folder(member.name, found.folder);
        if (is_descriptor_name(member.name)) {
            keep_first(found.descriptor, reader, member, policy.descriptor_bytes, source.name());
        } else if (is_manifest_name(member.name) && !policy.ignore_manifest) {
            keep_first(found.manifest, reader, member, policy.manifest_bytes, source.name());
        } else if (is_certificate_name(member.name) && !policy.ignore_signature &&
                   !policy.ignore_manifest) {
            keep_first(found.certificate, reader, member, policy.manifest_bytes, source.name());
        }
        return true;
    });
    return found;
}

}  // namespace ovfkit
