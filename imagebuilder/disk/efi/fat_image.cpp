// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/efi/fat_image.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/fd.h"
#include "imagebuilder/disk/efi/fat_name.h"
#include "ovfkit/disk/byte_order.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;
using ovfkit::store_le;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kFatSector = 512;
constexpr std::uint64_t kFats = 2;
constexpr std::uint64_t kInfoSector = 1;
constexpr std::uint64_t kBackupSector = 6;  // of the boot sector; the info sector's follows it
constexpr std::uint64_t kReservedSectors = 32;
constexpr std::uint64_t kDataAlignment = 8;  // sectors: files begin on pages of the file system
constexpr std::uint64_t kFewestClusters = 65525;  // with fewer, readers take it for FAT16
constexpr std::uint64_t kMostSmallClusters = 260 * base::kMiB;  // one sector each up to here
constexpr std::uint32_t kFirstCluster = 2;
constexpr std::uint32_t kEndOfChain = 0x0fffffff;
constexpr std::uint8_t kMedia = 0xf8;
constexpr std::uint8_t kAttributeLabel = 0x08;
constexpr std::uint8_t kAttributeFolder = 0x10;
constexpr std::uint8_t kAttributeArchive = 0x20;
constexpr std::uint64_t kSmallestFat32 = 34 * base::kMiB;

struct Geometry {
    std::uint64_t sectors = 0;
    std::uint64_t sectors_per_cluster = 1;
    std::uint64_t reserved = kReservedSectors;
    std::uint64_t fat_sectors = 0;
    std::uint64_t clusters = 0;

    std::uint64_t data_sector() const { return reserved + kFats * fat_sectors; }
    std::uint64_t cluster_bytes() const { return sectors_per_cluster * kFatSector; }
    std::uint64_t offset_of(std::uint32_t cluster) const {
        return (data_sector() + (cluster - kFirstCluster) * sectors_per_cluster) * kFatSector;
    }
    std::uint32_t clusters_for(std::uint64_t bytes) const {
        return static_cast<std::uint32_t>((bytes + cluster_bytes() - 1) / cluster_bytes());
    }
};

Geometry geometry_of(std::uint64_t size_bytes) {
    Geometry geometry;
    geometry.sectors = size_bytes / kFatSector;
    geometry.sectors_per_cluster = size_bytes <= kMostSmallClusters ? 1 : 8;
    // Large enough for a table of clusters in all of the space, a little more than there will be.
    const std::uint64_t most = geometry.sectors / geometry.sectors_per_cluster + kFirstCluster;
    geometry.fat_sectors = (most * 4 + kFatSector - 1) / kFatSector;
    geometry.reserved +=
        (kDataAlignment - geometry.data_sector() % kDataAlignment) % kDataAlignment;
    if (geometry.sectors > geometry.data_sector()) {
        geometry.clusters =
            (geometry.sectors - geometry.data_sector()) / geometry.sectors_per_cluster;
    }
    if (geometry.clusters < kFewestClusters || geometry.sectors > 0xffffffffU) {
        throw Error(ErrorKind::internal,
                    fmt::format("a FAT32 file system cannot have {} bytes", size_bytes));
    }
    return geometry;
}

// A file, or a folder with its children by name.
struct Node {
    bool folder = false;
    std::string_view content;
    std::map<std::string, std::unique_ptr<Node>> children;
    std::map<std::string, FatName> names;
    std::uint32_t first = 0;  // cluster; 0: an empty file
    std::uint32_t clusters = 0;
};

void add_file(Node& root, const FatFile& file) {
    Node* at = &root;
    std::size_t begin = 0;
    while (true) {
        const std::size_t slash = file.path.find('/', begin);
        const std::string name = file.path.substr(begin, slash - begin);
        std::unique_ptr<Node>& child = at->children[name];
        const bool is_new = !child;
        if (is_new) {
            child = std::make_unique<Node>();
            child->folder = slash != std::string::npos;
        }
        if (!child->folder && (!is_new || slash != std::string::npos)) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("'{}' is twice on the EFI system partition", file.path));
        }
        at = child.get();
        if (slash == std::string::npos) {
            break;
        }
        begin = slash + 1;
    }
    if (at->folder) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' is a folder of the EFI system partition", file.path));
    }
    at->content = file.content;
}

struct FatTime {
    std::uint16_t date = 0;
    std::uint16_t time = 0;
};

FatTime fat_time_of(std::int64_t epoch) {
    constexpr std::int64_t kFirst = 315532800;  // 1980-01-01
    constexpr std::int64_t kLast = 4354819198;  // 2107-12-31 23:59:58
    const auto seconds = static_cast<std::time_t>(std::clamp(epoch, kFirst, kLast));
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    return {
        static_cast<std::uint16_t>((utc.tm_year - 80) << 9 | (utc.tm_mon + 1) << 5 | utc.tm_mday),
        static_cast<std::uint16_t>(utc.tm_hour << 11 | utc.tm_min << 5 | utc.tm_sec / 2)};
}

// The file system on its way: clusters are given to folders first, each before what is in it, then
// to files.
class FatBuilder {
  public:
    FatBuilder(const FatOptions& options,
               const std::function<void(std::uint64_t, std::span<const std::byte>)>& write_at)
        : options_(options),
          write_at_(write_at),
          geometry_(geometry_of(options.size_bytes)),
          time_(fat_time_of(options.epoch)) {}

    void build(const std::vector<FatFile>& files) {
        Node root;
        root.folder = true;
        for (const FatFile& file : files) {
            add_file(root, file);
        }
        place_folders(root, true);
        place_files(root);
        write_folder(root, 0, true);
        write_tables();
        write_boot_sectors();
    }

  private:
    std::uint32_t take(std::uint32_t count) {
        if (next_ - kFirstCluster + count > geometry_.clusters) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("the files for the EFI system partition do not fit into {}",
                                    base::format_byte_size(options_.size_bytes)));
        }
        const std::uint32_t first = next_;
        for (std::uint32_t i = 0; i < count; ++i) {
            chain_.push_back(i + 1 == count ? kEndOfChain : first + i + 1);
        }
        next_ += count;
        return count == 0 ? 0 : first;
    }

    void place_folders(Node& folder, bool is_root) {
        std::set<std::string> taken;
        std::size_t entries = is_root ? 1 : 2;  // the label, or "." and ".."
        for (const auto& [name, child] : folder.children) {
            FatName& fat_name = folder.names[name] = make_fat_name(name, taken);
            entries += count_entries(fat_name);
        }
        folder.clusters = geometry_.clusters_for(entries * kFatEntryBytes);
        folder.first = take(folder.clusters);
        for (const auto& [name, child] : folder.children) {
            if (child->folder) {
                place_folders(*child, false);
            }
        }
    }

    void place_files(Node& folder) {
        for (const auto& [name, child] : folder.children) {
            if (child->folder) {
                place_files(*child);
                continue;
            }
            if (child->content.size() > 0xffffffffU) {
                throw Error(ErrorKind::invalid_input,
                            fmt::format("'{}' is too large for FAT", name));
            }
            child->clusters = geometry_.clusters_for(child->content.size());
            child->first = take(child->clusters);
            if (child->clusters != 0) {
                write_at_(geometry_.offset_of(child->first), base::as_bytes(child->content));
            }
        }
    }

    void append_entry(Bytes& bytes, const std::string& short_name, std::uint8_t attributes,
                      std::uint32_t cluster, std::uint64_t size) const {
        bytes.resize(bytes.size() + kFatEntryBytes);
        const auto entry = std::span(bytes).last(kFatEntryBytes);
        const auto name = base::as_bytes(short_name);
        std::copy(name.begin(), name.end(), entry.begin());
        store_le(entry, 11, attributes);
        store_le(entry, 14, time_.time);
        store_le(entry, 16, time_.date);
        store_le(entry, 18, time_.date);  // last access
        store_le(entry, 20, static_cast<std::uint16_t>(cluster >> 16U));
        store_le(entry, 22, time_.time);
        store_le(entry, 24, time_.date);
        store_le(entry, 26, static_cast<std::uint16_t>(cluster & 0xffffU));
        store_le(entry, 28, static_cast<std::uint32_t>(size));
    }

    // `parent` is the first cluster of the folder it is in; 0: the root.
    void write_folder(const Node& folder, std::uint32_t parent, bool is_root) {
        Bytes bytes;
        if (is_root) {
            std::string label = options_.label;
            label.resize(11, ' ');
            append_entry(bytes, label, kAttributeLabel, 0, 0);
        } else {
            append_entry(bytes, ".          ", kAttributeFolder, folder.first, 0);
            append_entry(bytes, "..         ", kAttributeFolder, parent, 0);
        }
        for (const auto& [name, child] : folder.children) {
            const FatName& fat_name = folder.names.at(name);
            const Bytes before = long_name_entries(fat_name);
            bytes.insert(bytes.end(), before.begin(), before.end());
            append_entry(bytes, fat_name.short_name,
                         child->folder ? kAttributeFolder : kAttributeArchive, child->first,
                         child->content.size());
            if (child->folder) {
                write_folder(*child, is_root ? 0 : folder.first, false);
            }
        }
        write_at_(geometry_.offset_of(folder.first), bytes);
    }

    void write_tables() const {
        Bytes bytes((kFirstCluster + chain_.size()) * 4);
        store_le(std::span(bytes), 0, std::uint32_t{0x0fffff00} | kMedia);
        store_le(std::span(bytes), 4, kEndOfChain);  // and no error, and cleanly unmounted
        for (std::size_t i = 0; i < chain_.size(); ++i) {
            store_le(std::span(bytes), (kFirstCluster + i) * 4, chain_[i]);
        }
        for (std::uint64_t copy = 0; copy < kFats; ++copy) {
            write_at_((geometry_.reserved + copy * geometry_.fat_sectors) * kFatSector, bytes);
        }
    }

    void write_boot_sectors() const {
        const Bytes boot = boot_sector();
        const Bytes info = info_sector();
        for (const std::uint64_t sector : {std::uint64_t{0}, kBackupSector}) {
            write_at_(sector * kFatSector, boot);
            write_at_((sector + kInfoSector) * kFatSector, info);
        }
    }

    Bytes boot_sector() const {
        Bytes bytes(kFatSector);
        const auto sector = std::span(bytes);
        const auto text = [&](std::size_t at, std::string value, std::size_t length) {
            value.resize(length, ' ');
            std::copy_n(base::as_bytes(value).begin(), length,
                        sector.begin() + static_cast<std::ptrdiff_t>(at));
        };
        store_le(sector, 0, std::uint16_t{0x58eb});  // a jump over the fields, as readers expect
        store_le(sector, 2, std::uint8_t{0x90});
        text(3, "MUSTER", 8);
        store_le(sector, 11, static_cast<std::uint16_t>(kFatSector));
        store_le(sector, 13, static_cast<std::uint8_t>(geometry_.sectors_per_cluster));
        store_le(sector, 14, static_cast<std::uint16_t>(geometry_.reserved));
        store_le(sector, 16, static_cast<std::uint8_t>(kFats));
        store_le(sector, 21, kMedia);
        store_le(sector, 24, std::uint16_t{63});  // sectors per track and heads: nobody asks
        store_le(sector, 26, std::uint16_t{255});
        store_le(sector, 28, static_cast<std::uint32_t>(options_.first_sector));
        store_le(sector, 32, static_cast<std::uint32_t>(geometry_.sectors));
        store_le(sector, 36, static_cast<std::uint32_t>(geometry_.fat_sectors));
        store_le(sector, 44, kFirstCluster);  // of the root folder
        store_le(sector, 48, static_cast<std::uint16_t>(kInfoSector));
        store_le(sector, 50, static_cast<std::uint16_t>(kBackupSector));
        store_le(sector, 64, std::uint8_t{0x80});
        store_le(sector, 66, std::uint8_t{0x29});  // the next three are there
        store_le(sector, 67, options_.volume_id);
        text(71, options_.label, 11);
        text(82, "FAT32", 8);
        store_le(sector, 90, std::uint16_t{0xfeeb});  // nothing to boot by BIOS: a loop
        store_le(sector, 510, std::uint16_t{0xaa55});
        return bytes;
    }

    Bytes info_sector() const {
        Bytes bytes(kFatSector);
        const auto sector = std::span(bytes);
        store_le(sector, 0, std::uint32_t{0x41615252});
        store_le(sector, 484, std::uint32_t{0x61417272});
        store_le(sector, 488, static_cast<std::uint32_t>(geometry_.clusters - chain_.size()));
        store_le(sector, 492, next_);
        store_le(sector, 508, std::uint32_t{0xaa550000});
        return bytes;
    }

    const FatOptions& options_;
    const std::function<void(std::uint64_t, std::span<const std::byte>)>& write_at_;
    Geometry geometry_;
    FatTime time_;
    std::uint32_t next_ = kFirstCluster;
    std::vector<std::uint32_t> chain_;  // by cluster, from the first one on
};

}  // namespace

std::uint64_t fat32_size_for(std::uint64_t content_bytes) {
    // Tables, folders and the rest of last clusters take less than a sixteenth.
    const std::uint64_t wanted = content_bytes + content_bytes / 16 + base::kMiB;
    return std::max(ovfkit::round_up(wanted, base::kMiB), kSmallestFat32);
}

void write_fat32(const FatOptions& options, const std::vector<FatFile>& files,
                 const std::function<void(std::uint64_t, std::span<const std::byte>)>& write_at) {
    FatBuilder(options, write_at).build(files);
}

}  // namespace imagebuilder
