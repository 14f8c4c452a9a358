// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/extent_set.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/disk/raw/raw_reader.h"
#include "ovfkit/disk/vmdk/descriptor.h"
#include "ovfkit/disk/vmdk/sparse_format.h"
#include "ovfkit/disk/vmdk/sparse_reader.h"

namespace ovfkit::vmdk {

namespace {

constexpr std::size_t kMostExtents = 32768;
constexpr std::uint64_t kMostSectors = 65536 * base::kGiB / kSector;

// A piece of the disk: all of it, or what begins at `from` in a file.
struct Piece {
    std::uint64_t begin = 0;
    std::uint64_t length = 0;
    std::unique_ptr<DiskReader> disk;  // nullptr: zeros
    std::uint64_t from = 0;
};

class ExtentSet : public DiskReader {
  public:
    ExtentSet(std::string name, std::vector<Piece> pieces)
        : name_(std::move(name)), pieces_(std::move(pieces)) {}

    DiskFormat format() const override { return DiskFormat::vmdk; }
    const std::string& name() const override { return name_; }
    std::vector<int> descriptors() const override {
        std::vector<int> all;
        for (const Piece& piece : pieces_) {
            const std::vector<int> own =
                piece.disk ? piece.disk->descriptors() : std::vector<int>();
            all.insert(all.end(), own.begin(), own.end());
        }
        return all;
    }
    std::uint64_t capacity_bytes() const override {
        return pieces_.back().begin + pieces_.back().length;
    }

    std::optional<DataRange> next_data(std::uint64_t offset) const override {
        for (const Piece& piece : pieces_) {
            const std::uint64_t end = piece.begin + piece.length;
            if (end <= offset || !piece.disk) {
                continue;
            }
            const std::uint64_t within = std::max(offset, piece.begin) - piece.begin;
            const auto found = piece.disk->next_data(piece.from + within);
            if (found && found->offset < piece.from + piece.length) {
                const std::uint64_t begin = piece.begin + found->offset - piece.from;
                return DataRange{begin, std::min(found->length, end - begin)};
            }
        }
        return std::nullopt;
    }

    void read_at(std::uint64_t offset, std::span<std::byte> buffer) const override {
        assert(offset + buffer.size() <= capacity_bytes());
        while (!buffer.empty()) {
            const auto piece = std::prev(std::upper_bound(
                pieces_.begin(), pieces_.end(), offset,
                [](std::uint64_t at, const Piece& one) { return at < one.begin; }));
            const std::uint64_t within = offset - piece->begin;
            const auto part =
                buffer.first(std::min<std::uint64_t>(buffer.size(), piece->length - within));
            if (piece->disk) {
                piece->disk->read_at(piece->from + within, part);
            } else {
                std::fill(part.begin(), part.end(), std::byte{0});
            }
            offset += part.size();
            buffer = buffer.subspan(part.size());
        }
    }

  private:
    std::string name_;
    std::vector<Piece> pieces_;  // in the order of the disk, without gaps
};

std::string_view next_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

std::optional<std::uint64_t> number_in(std::string_view word) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc() && end == word.data() + word.size() ? std::optional(value)
                                                                    : std::nullopt;
}

// What follows the access: `63 FLAT "disk-flat.vmdk" 0`.
ExtentLine parse_extent(std::string_view rest, const std::string& name) {
    const auto fail = [&](base::ErrorKind kind, std::string_view what) {
        throw base::Error(kind, fmt::format("VMDK '{}': {}", name, what),
                          "only files beside it can be parts of a disk");
    };
    ExtentLine extent;
    const auto sectors = number_in(next_word(rest));
    const std::string_view type = next_word(rest);
    if (!sectors || *sectors == 0 || *sectors > kMostSectors) {
        fail(base::ErrorKind::invalid_input, "an extent without a size");
    }
    extent.sectors = *sectors;
    if (type == "ZERO") {
        extent.kind = ExtentLine::Kind::zero;
        return extent;
    }
    if (type != "FLAT" && type != "SPARSE") {
        fail(base::ErrorKind::unsupported, fmt::format("an extent of the kind '{}'", type));
    }
    extent.kind = type == "FLAT" ? ExtentLine::Kind::flat : ExtentLine::Kind::sparse;
    const std::size_t open = rest.find('"');
    const std::size_t close = open == std::string_view::npos ? open : rest.find('"', open + 1);
    if (close == std::string_view::npos) {
        fail(base::ErrorKind::invalid_input, "an extent without a file name");
    }
    extent.file = rest.substr(open + 1, close - open - 1);
    if (extent.file.empty() || extent.file.front() == '.' ||
        extent.file.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos) {
        fail(base::ErrorKind::unsupported,
             fmt::format("the file name '{}' of an extent leads elsewhere", extent.file));
    }
    rest.remove_prefix(close + 1);
    const std::string_view offset = next_word(rest);
    extent.offset_sectors = number_in(offset).value_or(0);
    if (!offset.empty() && (!number_in(offset) || extent.offset_sectors > kMostSectors)) {
        fail(base::ErrorKind::invalid_input, "an extent with a bad offset");
    }
    return extent;
}

std::unique_ptr<DiskReader> open_extent(const ExtentLine& extent, const std::filesystem::path& path,
                                        const std::string& disk) {
    base::UniqueFd fd = base::open_regular(path.string());
    const std::uint64_t size = disk_file_size(fd.get(), path.string());
    const bool flat = extent.kind == ExtentLine::Kind::flat;
    auto reader = flat ? open_raw(std::move(fd), size, path.string())
                       : open_sparse_extent(std::move(fd), size, path.string());
    const std::uint64_t wanted = (extent.sectors + (flat ? extent.offset_sectors : 0)) * kSector;
    if (reader->capacity_bytes() < wanted) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("VMDK '{}': its extent '{}' is too short", disk, path.filename().string()));
    }
    return reader;
}

}  // namespace

std::vector<ExtentLine> parse_extents(std::string_view text, const std::string& name) {
    std::vector<ExtentLine> extents;
    text = text.substr(0, text.find('\0'));
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string_view access = next_word(line);
        if (access == "RW" || access == "RDONLY" || access == "NOACCESS") {
            extents.push_back(parse_extent(line, name));
        }
    }
    if (extents.empty() || extents.size() > kMostExtents) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("VMDK '{}' has {} extents", name, extents.size()));
    }
    return extents;
}

std::unique_ptr<DiskReader> open_extent_set(const std::filesystem::path& path,
                                            std::string_view text) {
    const std::string name = path.string();
    check_not_delta(text, name);
    std::vector<Piece> pieces;
    std::uint64_t begin = 0;
    for (const ExtentLine& extent : parse_extents(text, name)) {
        Piece piece{.begin = begin, .length = extent.sectors * kSector};
        if (extent.kind != ExtentLine::Kind::zero) {
            piece.disk = open_extent(extent, path.parent_path() / extent.file, name);
        }
        if (extent.kind == ExtentLine::Kind::flat) {
            piece.from = extent.offset_sectors * kSector;
        }
        begin += piece.length;
        if (begin > kMostSectors * kSector) {
            throw base::Error(base::ErrorKind::unsupported,
                              fmt::format("VMDK '{}' is larger than 64 TiB", name));
        }
        pieces.push_back(std::move(piece));
    }
    return std::make_unique<ExtentSet>(name, std::move(pieces));
}

}  // namespace ovfkit::vmdk
