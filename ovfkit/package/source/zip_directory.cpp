// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/source/zip_directory.h"

#include <sys/stat.h>
#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

constexpr std::uint32_t kEndMark = 0x06054b50;
constexpr std::uint32_t kEnd64Mark = 0x06064b50;
constexpr std::uint32_t kLocatorMark = 0x07064b50;
constexpr std::uint32_t kEntryMark = 0x02014b50;
constexpr std::uint32_t kLocalMark = 0x04034b50;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocatorBytes = 20;
constexpr std::size_t kEntryBytes = 46;
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kMaxComment = 65535;
constexpr std::uint64_t kMaxEntries = 4096;
constexpr std::uint64_t kMaxDirectory = 4 * base::kMiB;
constexpr std::uint32_t kMax32 = std::numeric_limits<std::uint32_t>::max();
constexpr unsigned kUnix = 3;  // "made by": the upper half of the attributes is a mode

// Little-endian numbers of a piece of the file; reading beyond its end is an error.
class Fields {
  public:
    Fields(std::string_view bytes, std::string_view archive) : bytes_(bytes), archive_(archive) {}
    std::uint64_t number(std::size_t offset, std::size_t size) const {
        const std::string_view raw = text(offset, size);
        std::uint64_t value = 0;
        for (std::size_t i = size; i-- > 0;) {
            value = (value << 8U) | static_cast<unsigned char>(raw[i]);
        }
        return value;
    }
    std::uint32_t u32(std::size_t offset) const {
        return static_cast<std::uint32_t>(number(offset, 4));
    }
    std::uint32_t u16(std::size_t offset) const {
        return static_cast<std::uint32_t>(number(offset, 2));
    }
    std::string_view text(std::size_t offset, std::size_t size) const {
        if (offset > bytes_.size() || size > bytes_.size() - offset) {
            fail("its directory is cut off");
        }
        return bytes_.substr(offset, size);
    }
    std::size_t size() const { return bytes_.size(); }
    [[noreturn]] void fail(const std::string& what,
                           base::ErrorKind kind = base::ErrorKind::invalid_input) const {
        throw base::Error(kind, fmt::format("{}: {}", quoted_source(archive_), what),
                          kind == base::ErrorKind::unsupported ? "unpack it and give the folder"
                                                               : "get the file again");
    }

  private:
    std::string_view bytes_;
    std::string_view archive_;
};

std::string bytes_at(base::RandomAccess& archive, std::uint64_t offset, std::uint64_t size) {
    std::string bytes(static_cast<std::size_t>(size), '\0');
    base::read_exactly_at(archive, offset, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

struct Directory {
    std::uint64_t entries = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

// The last end record whose comment reaches exactly to the end of the file.
std::size_t find_end(const std::string& tail, const Fields& fields) {
    for (std::size_t at = tail.size() - kEndBytes + 1; at-- > 0;) {
        if (fields.u32(at) == kEndMark && fields.u16(at + 20) == tail.size() - at - kEndBytes) {
            return at;
        }
    }
    fields.fail("the zip archive has no directory: it is cut off");
}

Directory read_end64(base::RandomAccess& archive, std::uint64_t end_offset) {
    const std::string& name = archive.name();
    const std::uint64_t file_size = archive.size();
    if (end_offset < kLocatorBytes) {
        Fields({}, name).fail("its zip64 records are missing");
    }
    const std::string locator = bytes_at(archive, end_offset - kLocatorBytes, kLocatorBytes);
    const Fields pointer(locator, name);
    const std::uint64_t at = pointer.number(8, 8);
    if (pointer.u32(0) != kLocatorMark || at > file_size || file_size - at < kEnd64Bytes) {
        pointer.fail("its zip64 records are damaged");
    }
    const std::string record = bytes_at(archive, at, kEnd64Bytes);
    const Fields end(record, name);
    if (end.u32(0) != kEnd64Mark || end.u32(16) != 0 || end.u32(20) != 0) {
        end.fail("its zip64 records are damaged");
    }
    return {end.number(32, 8), end.number(48, 8), end.number(40, 8)};
}

Directory find_directory(base::RandomAccess& archive) {
    const std::uint64_t file_size = archive.size();
    const std::uint64_t tail_size = std::min<std::uint64_t>(file_size, kEndBytes + kMaxComment);
    const std::string tail = bytes_at(archive, file_size - tail_size, tail_size);
    const Fields fields(tail, archive.name());
    if (tail.size() < kEndBytes) {
        fields.fail("the zip archive has no directory: it is cut off");
    }
    const std::size_t at = find_end(tail, fields);
    Directory found{fields.u16(at + 10), fields.u32(at + 16), fields.u32(at + 12)};
    if (fields.u16(at + 4) != 0 || fields.u16(at + 6) != 0) {
        fields.fail("it is one part of a divided zip archive", base::ErrorKind::unsupported);
    }
    if (found.entries == 0xffff || found.offset == kMax32 || found.size == kMax32) {
        found = read_end64(archive, file_size - tail_size + at);
    }
    if (found.entries > kMaxEntries || found.size > kMaxDirectory || found.offset > file_size ||
        found.size > file_size - found.offset) {
        fields.fail("the directory of the zip archive is damaged or too large");
    }
    return found;
}

// Sizes and offset of 0xffffffff stand in the extra field 1, in this order, as 64 bits.
void take_zip64(const Fields& extra, ZipEntry& entry, std::uint64_t& offset) {
    for (std::size_t at = 0; at + 4 <= extra.size();) {
        const std::size_t size = extra.u16(at + 2);
        if (extra.u16(at) == 1) {
            const Fields values(extra.text(at + 4, size), "");
            std::size_t next = 0;
            for (std::uint64_t* value : {&entry.size, &entry.packed_size, &offset}) {
                if (*value == kMax32) {
                    if (next + 8 > values.size()) {
                        extra.fail("its zip64 records are damaged");
                    }
                    *value = values.number(next, 8);
                    next += 8;
                }
            }
            return;
        }
        at += 4 + size;
    }
}

void check_kind(const Fields& fields, std::size_t at, const std::string& name) {
    const std::uint32_t flags = fields.u16(at + 8);
    const std::uint32_t method = fields.u16(at + 10);
    if ((flags & 0x2041U) != 0) {  // encrypted, strongly encrypted, masked directory
        fields.fail(fmt::format("member '{}' is encrypted", name), base::ErrorKind::unsupported);
    }
    if (method != 0 && method != 8) {
        fields.fail(
            fmt::format("member '{}' is compressed by method {}, not deflate", name, method),
            base::ErrorKind::unsupported);
    }
    const std::uint32_t mode = fields.u32(at + 38) >> 16U;
    if (fields.u16(at + 4) >> 8U == kUnix && (mode & S_IFMT) != 0 && !S_ISREG(mode)) {
        fields.fail(fmt::format("member '{}' is not a regular file", name));
    }
}

// The header before the data must tell the same; it has a length of its own.
void find_data(base::RandomAccess& archive, ZipEntry& entry, std::uint64_t offset,
               std::uint64_t limit) {
    const Fields none({}, archive.name());
    if (offset > limit || limit - offset < kLocalBytes) {
        none.fail(fmt::format("member '{}' lies outside the archive", entry.name));
    }
    const std::string header = bytes_at(archive, offset, kLocalBytes);
    const Fields local(header, archive.name());
    const std::uint64_t name_size = local.u16(26);
    const std::uint64_t head = kLocalBytes + name_size + local.u16(28);
    if (local.u32(0) != kLocalMark || name_size != entry.name.size() ||
        (local.u16(8) == 8) != entry.deflated || head > limit - offset ||
        entry.packed_size > limit - offset - head ||
        bytes_at(archive, offset + kLocalBytes, name_size) != entry.name) {
        local.fail(fmt::format("member '{}' is not what the directory says", entry.name));
    }
    entry.data_offset = offset + head;
}

void check_overlaps(std::vector<std::pair<std::uint64_t, std::uint64_t>> spans,
                    const std::string& archive) {
    std::sort(spans.begin(), spans.end());
    for (std::size_t i = 1; i < spans.size(); ++i) {
        if (spans[i].first < spans[i - 1].second) {
            Fields({}, archive).fail("members of the zip archive overlap");
        }
    }
}

}  // namespace

std::vector<ZipEntry> read_zip_directory(base::RandomAccess& archive) {
    const std::string& name = archive.name();
    const Directory directory = find_directory(archive);
    const std::string bytes = bytes_at(archive, directory.offset, directory.size);
    const Fields fields(bytes, name);
    std::vector<ZipEntry> entries;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> spans;
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
        if (fields.u32(at) != kEntryMark) {
            fields.fail("the directory of the zip archive is damaged");
        }
        const std::size_t name_size = fields.u16(at + 28);
        const std::size_t extra_size = fields.u16(at + 30);
        ZipEntry entry;
        entry.name = fields.text(at + kEntryBytes, name_size);
        entry.packed_size = fields.u32(at + 20);
        entry.size = fields.u32(at + 24);
        entry.crc32 = fields.u32(at + 16);
        entry.deflated = fields.u16(at + 10) == 8;
        std::uint64_t offset = fields.u32(at + 42);
        take_zip64(Fields(fields.text(at + kEntryBytes + name_size, extra_size), name), entry,
                   offset);
        const bool folder = entry.name.ends_with('/');
        if (!folder) {
            check_kind(fields, at, entry.name);
            find_data(archive, entry, offset, directory.offset);
            spans.emplace_back(offset, entry.data_offset + entry.packed_size);
            if (!entry.deflated && entry.packed_size != entry.size) {
                fields.fail(fmt::format("member '{}' has two sizes", entry.name));
            }
            entries.push_back(std::move(entry));
        }
        at += kEntryBytes + name_size + extra_size + fields.u16(at + 32);
    }
    check_overlaps(std::move(spans), name);
    return entries;
}

}  // namespace ovfkit
