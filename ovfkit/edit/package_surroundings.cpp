// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/package_surroundings.h"

#include <fcntl.h>
#include <unistd.h>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "ovfkit/disk/disk_reader.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "ovfkit/disk/vmdk/sparse_format.h"
#include "ovfkit/package/look_ahead.h"
#include "ovfkit/package/manifest.h"
#include "ovfkit/package/source/folder_source.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/tar/tar_reader.h"

namespace ovfkit::edit {

namespace {

using HeaderBytes = std::array<std::byte, vmdk::kSector>;

// Carries the descriptor out of the reader as soon as there is one.
struct FoundDescriptor {
    std::string name;
    std::string text;
};

class DescriptorCatcher : public PackageHandler {
  public:
    void on_descriptor(const std::string& name, const std::string& text,
                       const Envelope& /*envelope*/) override {
        throw FoundDescriptor{name, text};
    }
    std::unique_ptr<base::ByteSink> open_member(const std::string& /*name*/,
                                                std::uint64_t /*size*/) override {
        return nullptr;
    }
};

std::uint64_t number_at(std::span<const std::byte> bytes, std::size_t offset, bool big_endian) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        const std::size_t at = big_endian ? offset + i : offset + 7 - i;
        value = value << 8U | std::to_integer<std::uint64_t>(bytes[at]);
    }
    return value;
}

std::optional<std::uint64_t> capacity_in(std::span<const std::byte> header) {
    const std::string_view text = base::as_text(header);
    if (text.starts_with("KDMV")) {
        const std::uint64_t sectors = number_at(header, 12, false);
        return sectors <= UINT64_MAX / vmdk::kSector ? std::optional(sectors * vmdk::kSector)
                                                     : std::nullopt;
    }
    if (text.starts_with("QFI\xfb")) {
        return number_at(header, 24, true);
    }
    return std::nullopt;
}

std::size_t fill_from(base::ByteSource& source, std::span<std::byte> buffer) {
    std::size_t have = 0;
    while (have < buffer.size()) {
        const std::size_t got = source.read(buffer.subspan(have));
        if (got == 0) {
            break;
        }
        have += got;
    }
    return have;
}

bool read_header_in_folder(const std::string& descriptor, const std::string& member,
                           HeaderBytes& header) {
    const std::filesystem::path folder = std::filesystem::path(descriptor).parent_path();
    const base::UniqueFd folder_fd(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_fd) {
        throw base::SystemError(errno, fmt::format("cannot open '{}'", folder.string()));
    }
    base::UniqueFd file = open_beneath(folder_fd.get(), member);
    if (!file) {
        return false;
    }
    base::FdSource source(std::move(file), member);
    return fill_from(source, header) == header.size();
}

bool read_header_in_archive(const std::string& location, const std::string& member,
                            const VerifyPolicy& policy, HeaderBytes& header) {
    const auto source = open_package(location);
    const int fd = source->seekable_fd();
    if (fd < 0) {
        return false;  // would have to be read, and unpacked, twice
    }
    TarReader reader(*source, policy.tar, [&](std::uint64_t bytes) {
        if (::lseek(fd, static_cast<off_t>(bytes), SEEK_CUR) < 0) {
            throw base::SystemError(errno, fmt::format("cannot seek in '{}'", location));
        }
    });
    while (const auto found = reader.next()) {
        if (found->name != member) {
            continue;
        }
        std::size_t have = 0;
        while (have < header.size()) {
            const std::size_t got = reader.read(std::span(header).subspan(have));
            if (got == 0) {
                return false;
            }
            have += got;
        }
        return true;
    }
    return false;
}

PreparedDisk prepare_disk(const std::string& path, const std::string& member,
                          const std::filesystem::path& scratch, bool dry_run) {
    HeaderBytes header{};
    base::FdSource source(base::open_regular(path), path);
    if (fill_from(source, header) == header.size() && base::as_text(header).starts_with("KDMV")) {
        constexpr std::uint64_t kMaxCapacity = std::uint64_t{64} << 40U;
        const vmdk::SparseHeader vmdk = vmdk::parse_header(header, path, kMaxCapacity);
        return {path, base::file_size(path), vmdk.capacity_bytes(), std::nullopt};
    }
    const auto disk = open_disk(path);
    if (dry_run) {
        return {path, std::nullopt, disk->capacity_bytes(), std::nullopt};
    }
    const std::filesystem::path target = scratch / member;
    base::make_dirs(target.parent_path());
    const base::UniqueFd file(
        ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) {
        throw base::SystemError(errno, fmt::format("cannot create '{}'", target.string()));
    }
    base::FdSink sink(file.get(), target.string());
    StreamVmdkOptions encoding;
    encoding.extent_name = member;
    const StreamVmdkResult result = encode_stream_optimized(*disk, sink, encoding);
    return {target.string(), result.encoded_bytes, result.capacity_bytes, result.populated_bytes};
}

}  // namespace

std::pair<std::string, std::string> read_descriptor_of(const std::string& location,
                                                       const VerifyPolicy& policy) {
    const auto source = open_package(location);
    DescriptorCatcher catcher;
    try {
        read_package(*source, catcher, policy);
    } catch (FoundDescriptor& found) {
        return {std::move(found.name), std::move(found.text)};
    }
    base::unreachable("a package was read without its descriptor");
}

std::optional<std::uint64_t> content_capacity_of(const std::string& location,
                                                 const std::string& member,
                                                 const VerifyPolicy& policy) {
    if (location == "-" || location.find("://") != std::string::npos) {
        return std::nullopt;
    }
    HeaderBytes header{};
    const auto descriptor = find_folder_descriptor(location);
    const bool found = descriptor ? read_header_in_folder(*descriptor, member, header)
                                  : read_header_in_archive(location, member, policy, header);
    return found ? capacity_in(header) : std::nullopt;
}

std::map<std::string, std::string> digests_of(const std::string& location,
                                              const VerifyPolicy& policy) {
    std::map<std::string, std::string> digests;
    if (location == "-" || location.find("://") != std::string::npos || policy.ignore_manifest) {
        return digests;
    }
    const auto source = open_package(location);
    const LookAhead ahead = look_ahead(*source, policy);
    if (!ahead.manifest) {
        return digests;
    }
    for (const ManifestEntry& entry :
         parse_manifest(ahead.manifest->text, ahead.manifest->name, policy.lax).entries) {
        if (entry.algorithm != base::DigestAlgorithm::sha1) {
            digests[entry.file] =
                fmt::format("{}:{}", base::to_string(entry.algorithm), entry.digest);
        }
    }
    return digests;
}

EditSurroundings surroundings_of(const std::string& location, const VerifyPolicy& policy,
                                 std::filesystem::path scratch, bool dry_run) {
    return {.content_capacity =
                [location, policy](const std::string& member) {
                    return content_capacity_of(location, member, policy);
                },
            .prepare_disk =
                [scratch = std::move(scratch), dry_run](const std::string& path,
                                                        const std::string& member) {
                    return prepare_disk(path, member, scratch, dry_run);
                },
            .read_descriptor =
                [policy](const std::string& other) { return read_descriptor_of(other, policy); },
            .read_digests =
                [location, policy](const std::string& other) {
                    return digests_of(other.empty() ? location : other, policy);
                }};
}

}  // namespace ovfkit::edit
