// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/partitions.h"

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/fd.h"
#include "imagebuilder/disk/grub_bios.h"
#include "imagebuilder/input_key.h"

namespace imagebuilder {

namespace {

// Partitions begin on whole MiB; the last MiB is for the table's backup.
constexpr std::uint64_t kFirstPartition = base::kMiB;
constexpr std::uint64_t kCoreBytes = base::kMiB;
constexpr std::uint64_t kBackupBytes = base::kMiB;
constexpr std::uint64_t kSmallestRoot = 64 * base::kMiB;

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

void write_partitions(int fd, const std::string& name, const DiskOptions& options,
                      const DiskPartitions& parts, const std::optional<EfiBoot>& efi) {
    write_gpt(fd, options.size_bytes, uuid_from_key(options.key, "disk"),
              table_of(parts, options.key), name);
    if (options.bios) {
        install_grub(fd, name,
                     {parts.core.first_sector(), parts.core.bytes / kSector,
                      options.filesystem_uuid, options.work_dir, options.root});
    }
    if (efi) {
        write_efi_partition({parts.efi.bytes, parts.efi.first_sector(), options.key, options.epoch},
                            *efi, [&](std::uint64_t offset, std::span<const std::byte> bytes) {
                                base::pwrite_all(fd, bytes, parts.efi.offset + offset, name);
                            });
    }
}

}  // namespace imagebuilder
