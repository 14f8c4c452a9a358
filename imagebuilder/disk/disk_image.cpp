// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/disk_image.h"

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "imagebuilder/disk/disk_writer.h"
#include "imagebuilder/disk/efi/efi_partition.h"
#include "imagebuilder/disk/ext4_image.h"
#include "imagebuilder/disk/gpt.h"
#include "imagebuilder/disk/grub_bios.h"
#include "imagebuilder/disk/tar_entries.h"
#include "imagebuilder/input_key.h"
#include "imagebuilder/tree/layers.h"

namespace imagebuilder {

namespace fs = std::filesystem;

// Not without a name: a member of ImageDisk is of this type.
struct DiskExtent {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;

    std::uint64_t end() const { return offset + bytes; }
    std::uint64_t first_sector() const { return offset / kSector; }
};

struct DiskPartitions {
    DiskExtent core;  // empty: no BIOS
    DiskExtent efi;   // empty: no UEFI
    DiskExtent root;
};

namespace {

// Partitions begin on whole MiB; the last MiB is for the table's backup.
constexpr std::uint64_t kFirstPartition = base::kMiB;
constexpr std::uint64_t kCoreBytes = base::kMiB;
constexpr std::uint64_t kBackupBytes = base::kMiB;
constexpr std::uint64_t kSmallestRoot = 64 * base::kMiB;

DiskPartitions plan_partitions(const DiskOptions& options) {
    DiskPartitions parts;
    parts.core = {kFirstPartition, options.bios ? kCoreBytes : 0};
    parts.efi = {parts.core.end(), options.efi_bytes};
    parts.root.offset = parts.efi.end();
    if (parts.root.offset + kSmallestRoot + kBackupBytes > options.size_bytes) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the partitions to boot from leave no room in {}",
                                      base::format_byte_size(options.size_bytes)),
                          "give the recipe a larger 'disk: { size: … }'");
    }
    parts.root.bytes = options.size_bytes - kBackupBytes - parts.root.offset;
    return parts;
}

std::vector<GptPartition> table_of(const DiskPartitions& parts, const std::string& key) {
    std::vector<GptPartition> table;
    const auto add = [&](const DiskExtent& part, const char* type, const char* purpose,
                         const char* name) {
        if (part.bytes != 0) {
            table.push_back({type, uuid_from_key(key, purpose), name, part.first_sector(),
                             part.end() / kSector - 1});
        }
    };
    add(parts.core, kBiosBootType, "bios boot", "bios-boot");
    add(parts.efi, kEfiSystemType, "efi system", "efi");
    add(parts.root, kLinuxFilesystemType, "root partition", "root");
    return table;
}

}  // namespace

struct ImageDisk::State {
    explicit State(const DiskOptions& given)
        : options(given),
          parts(plan_partitions(given)),
          writer(given.work_dir / "disk.scratch", given.qcow2, given.size_bytes) {
        const Ext4Options root{writer.scratch(), parts.root.offset,
                               parts.root.bytes, options.filesystem_uuid,
                               "root",           options.epoch};
        format_ext4(root);
        files.emplace(root.image, root.offset, root.epoch,
                      [this](std::uint64_t offset, std::span<const std::byte> data) {
                          writer.stream(offset, data);
                      });
    }

    DiskOptions options;
    DiskPartitions parts;
    DiskWriter writer;
    std::optional<Ext4Writer> files;
};

ImageDisk::ImageDisk(const DiskOptions& options) : state_(std::make_unique<State>(options)) {
}

ImageDisk::~ImageDisk() = default;

Ext4Writer& ImageDisk::files() {
    return *state_->files;
}

void ImageDisk::finish(const std::optional<EfiBoot>& efi) {
    const DiskOptions& options = state_->options;
    const DiskPartitions& parts = state_->parts;
    DiskWriter& writer = state_->writer;
    Ext4Writer& files = *state_->files;
    files.finish();
    base::log(base::LogLevel::info, "imagebuilder", "{} of data in the root file system, {} free",
              base::format_byte_size(files.data_bytes()),
              base::format_byte_size(files.free_bytes()));
    const std::string name = writer.scratch().string();
    write_gpt(writer.scratch_fd(), options.size_bytes, uuid_from_key(options.key, "disk"),
              table_of(parts, options.key), name);
    if (options.bios) {
        install_grub(writer.scratch_fd(), name,
                     {parts.core.first_sector(), parts.core.bytes / kSector,
                      options.filesystem_uuid, options.work_dir});
    }
    if (efi) {
        const auto write_at = [&](std::uint64_t offset, std::span<const std::byte> bytes) {
            writer.write_scratch(parts.efi.offset + offset, bytes);
        };
        write_efi_partition({parts.efi.bytes, parts.efi.first_sector(), options.key, options.epoch},
                            *efi, write_at);
    }
    writer.finish();
}

void make_disk(const DiskOptions& options, const fs::path& tree,
               const std::optional<EfiBoot>& efi) {
    ImageDisk disk(options);
    TreeStream stream(tree);
    TarEntries entries(stream.fd(), "the image's tree");
    FileEntry entry;
    while (entries.next(entry)) {
        base::interrupt().check();
        disk.files().add(entry, [&](std::span<std::byte> buffer) { return entries.read(buffer); });
    }
    stream.finish();
    disk.finish(efi);
}

}  // namespace imagebuilder
