// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/package_surroundings.h"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/letter_case.h"
#include "ovfkit/convert/package_disk.h"
#include "ovfkit/disk/codec/gzip_sink.h"
#include "ovfkit/disk/disk_reader.h"
#include "ovfkit/disk/grown_disk.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "ovfkit/disk/vmdk/sparse_format.h"
#include "ovfkit/disk/zero_test.h"
#include "ovfkit/package/look_ahead.h"
#include "ovfkit/package/manifest.h"
#include "ovfkit/package/reference_check.h"
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

bool is_gzip(const FileReference& file) {
    return base::to_lower(file.compression) == "gzip";
}

// Keeps the first bytes of what is written.
class HeadSink : public base::ByteSink {
  public:
    explicit HeadSink(HeaderBytes& header) : header_(header) {}
    void write(std::span<const std::byte> data) override {
        const std::size_t taken = std::min(data.size(), header_.size() - have_);
        std::copy_n(data.begin(), taken, header_.begin() + static_cast<std::ptrdiff_t>(have_));
        have_ += taken;
    }
    bool full() const { return have_ == header_.size(); }

  private:
    HeaderBytes& header_;
    std::size_t have_ = 0;
};

using ReadSome = std::function<std::size_t(std::span<std::byte> buffer)>;

// False when there are less bytes than that.
bool fill_header(const ReadSome& read, bool is_gzip, const std::string& name, HeaderBytes& header) {
    HeadSink head(header);
    std::optional<GzipSink> gunzip;
    if (is_gzip) {
        gunzip.emplace(head, name);
    }
    base::ByteSink& sink = gunzip ? static_cast<base::ByteSink&>(*gunzip) : head;
    std::array<std::byte, 4096> buffer{};
    while (!head.full()) {
        const std::size_t got = read(buffer);
        if (got == 0) {
            return false;
        }
        sink.write(std::span(buffer).first(got));
    }
    return true;
}

// What the file, or its first chunk, is called in the package.
std::vector<std::string> names_of_beginning(const FileReference& file) {
    std::vector<std::string> names = member_names_of(file);
    for (const std::string& name : member_names_of(file)) {
        names.push_back(name + ".000000000");
    }
    return names;
}

bool read_header_in_folder(const std::string& descriptor, const FileReference& wanted,
                           HeaderBytes& header) {
    const std::filesystem::path folder = std::filesystem::path(descriptor).parent_path();
    const base::UniqueFd folder_fd(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_fd) {
        throw base::SystemError(errno, fmt::format("cannot open '{}'", folder.string()));
    }
    for (const std::string& name : names_of_beginning(wanted)) {
        if (base::UniqueFd file = open_beneath(folder_fd.get(), name)) {
            base::FdSource source(std::move(file), name);
            return fill_header([&](std::span<std::byte> buffer) { return source.read(buffer); },
                               is_gzip(wanted), name, header);
        }
    }
    return false;
}

bool read_header_in_archive(const std::string& location, const FileReference& wanted,
                            const VerifyPolicy& policy, HeaderBytes& header) {
    const auto names = names_of_beginning(wanted);
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
        if (std::find(names.begin(), names.end(), found->name) != names.end()) {
            return fill_header([&](std::span<std::byte> buffer) { return reader.read(buffer); },
                               is_gzip(wanted), found->name, header);
        }
    }
    return false;
}

// A VMDK that has what vSphere looks for at its end; qemu-img writes none of it.
bool is_complete_stream(const std::string& path) {
    const base::UniqueFd file = base::open_regular(path);
    const std::uint64_t size = base::file_size(path);
    std::array<std::byte, 2 * vmdk::kSector> tail{};
    HeaderBytes head{};
    if (size % vmdk::kSector != 0 || size < 4 * vmdk::kSector) {
        return false;
    }
    base::pread_exactly(file.get(), head, 0, path);
    base::pread_exactly(file.get(), tail, size - tail.size(), path);
    const std::uint64_t version_and_flags = number_at(head, 4, false);
    const auto flags = static_cast<std::uint32_t>(version_and_flags >> 32U);
    constexpr std::uint32_t kWanted = vmdk::kFlagCompressed | vmdk::kFlagMarkers;
    return base::as_text(head).starts_with("KDMV") && (version_and_flags & 0xffffffffU) == 3 &&
           (flags & kWanted) == kWanted && number_at(head, 20, false) == 128 &&
           base::as_text(tail).starts_with("KDMV") &&
           is_all_zero(std::span(tail).last(vmdk::kSector));
}

std::uint64_t populated_bytes_of(const DiskReader& disk) {
    std::uint64_t bytes = 0;
    std::uint64_t offset = 0;
    while (const auto range = disk.next_data(offset)) {
        bytes += range->length;
        offset = range->offset + range->length;
    }
    return bytes;
}

PreparedDisk encode_disk(const DiskReader& disk, const std::string& member,
                         const std::filesystem::path& scratch) {
    const std::filesystem::path target = scratch / member;
    base::make_dirs(target.parent_path());
    base::remove_all(target);  // of an earlier step
    const base::UniqueFd file(
        ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) {
        throw base::SystemError(errno, fmt::format("cannot create '{}'", target.string()));
    }
    base::FdSink sink(file.get(), target.string());
    StreamVmdkOptions encoding;
    encoding.extent_name = member;
    const StreamVmdkResult result = encode_stream_optimized(disk, sink, encoding);
    return {target.string(), result.encoded_bytes, result.capacity_bytes, result.populated_bytes};
}

PreparedDisk prepare_disk(const std::string& path, const std::string& member,
                          const std::filesystem::path& scratch, bool dry_run) {
    const auto disk = open_disk(path);
    if (disk->format() == DiskFormat::vmdk && is_complete_stream(path)) {
        return {path, base::file_size(path), disk->capacity_bytes(), populated_bytes_of(*disk)};
    }
    if (dry_run) {
        return {path, std::nullopt, disk->capacity_bytes(), std::nullopt};
    }
    return encode_disk(*disk, member, scratch);
}

PreparedDisk grow_disk_of(const std::string& location, const VerifyPolicy& policy,
                          const std::string& disk_id, std::uint64_t capacity_bytes,
                          const std::string& member, const std::filesystem::path& scratch) {
    const auto source = open_package(location);
    base::UniqueFd file = base::open_nameless(scratch);
    read_package_disk(*source, disk_id, policy,
                      {.fd = file.get(), .target = DiskFormat::raw, .spool_folder = scratch}, {});
    const auto disk = make_grown_disk(open_foreign_disk(std::move(file), member, DiskFormat::raw),
                                      capacity_bytes);
    return encode_disk(*disk, member, scratch);
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
                                                 const FileReference& file,
                                                 const VerifyPolicy& policy) {
    if (location == "-" || location.find("://") != std::string::npos) {
        return std::nullopt;
    }
    HeaderBytes header{};
    const auto descriptor = find_folder_descriptor(location);
    const bool found = descriptor ? read_header_in_folder(*descriptor, file, header)
                                  : read_header_in_archive(location, file, policy, header);
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
                                 const std::filesystem::path& scratch, bool dry_run) {
    EditSurroundings surroundings;
    surroundings.content_capacity = [location, policy](const FileReference& file) {
        return content_capacity_of(location, file, policy);
    };
    surroundings.prepare_disk = [scratch, dry_run](const std::string& path,
                                                   const std::string& member) {
        return prepare_disk(path, member, scratch, dry_run);
    };
    surroundings.grow_disk = [location, policy, scratch, dry_run](const std::string& disk,
                                                                  std::uint64_t capacity_bytes,
                                                                  const std::string& member) {
        return dry_run ? PreparedDisk{"", std::nullopt, capacity_bytes, std::nullopt}
                       : grow_disk_of(location, policy, disk, capacity_bytes, member, scratch);
    };
    surroundings.read_descriptor = [policy](const std::string& other) {
        return read_descriptor_of(other, policy);
    };
    surroundings.read_digests = [location, policy](const std::string& other) {
        return digests_of(other.empty() ? location : other, policy);
    };
    return surroundings;
}

}  // namespace ovfkit::edit
