// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/disk_image.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "imagebuilder/disk/efi/efi_partition.h"
#include "imagebuilder/disk/ext4_image.h"
#include "imagebuilder/disk/gpt.h"
#include "imagebuilder/disk/grub_bios.h"
#include "imagebuilder/input_key.h"
#include "imagebuilder/tree/layers.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

// Partitions begin on whole MiB; the last MiB is for the table's backup.
constexpr std::uint64_t kFirstPartition = base::kMiB;
constexpr std::uint64_t kCoreBytes = base::kMiB;
constexpr std::uint64_t kBackupBytes = base::kMiB;
constexpr std::uint64_t kSmallestRoot = 64 * base::kMiB;

struct Extent {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;

    std::uint64_t end() const { return offset + bytes; }
    std::uint64_t first_sector() const { return offset / kSector; }
};

struct Partitions {
    Extent core;  // empty: no BIOS
    Extent efi;   // empty: no UEFI
    Extent root;
};

Partitions plan_partitions(const RawDiskOptions& options) {
    Partitions parts;
    parts.core = {kFirstPartition, options.bios ? kCoreBytes : 0};
    parts.efi = {parts.core.end(), options.efi ? efi_partition_size(*options.efi) : 0};
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

std::vector<GptPartition> table_of(const Partitions& parts, const std::string& key) {
    std::vector<GptPartition> table;
    const auto add = [&](const Extent& part, const char* type, const char* purpose,
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

void make_raw_disk(const RawDiskOptions& options, const fs::path& tree) {
    const Partitions parts = plan_partitions(options);
    const std::string name = options.raw.string();
    const base::UniqueFd fd = base::open_file(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (::ftruncate(fd.get(), static_cast<off_t>(options.size_bytes)) != 0) {
        throw base::SystemError(errno, fmt::format("cannot size '{}'", name));
    }
    TreeStream stream(tree);
    const Ext4Summary summary = make_ext4({options.raw, parts.root.offset, parts.root.bytes,
                                           options.filesystem_uuid, "root", options.epoch},
                                          stream.fd(), "the image's tree");
    stream.finish();
    base::log(base::LogLevel::info, "imagebuilder", "{} files, {} of data, {} free", summary.files,
              base::format_byte_size(summary.data_bytes),
              base::format_byte_size(summary.free_bytes));
    write_gpt(fd.get(), options.size_bytes, uuid_from_key(options.key, "disk"),
              table_of(parts, options.key), name);
    if (options.bios) {
        install_grub(fd.get(), name,
                     {parts.core.first_sector(), parts.core.bytes / kSector,
                      options.filesystem_uuid, options.work_dir});
    }
    if (options.efi) {
        const auto write_at = [&](std::uint64_t offset, std::span<const std::byte> bytes) {
            base::pwrite_all(fd.get(), bytes, parts.efi.offset + offset, name);
        };
        write_efi_partition({parts.efi.bytes, parts.efi.first_sector(), options.key, options.epoch},
                            *options.efi, write_at);
    }
}

void convert_to_qcow2(const fs::path& raw, const fs::path& qcow2) {
    base::Command command;
    command.argv = {"qemu-img",   "convert",     "-f",
                    "raw",        "-O",          "qcow2",
                    "-c",         "-o",          "compression_type=zstd",
                    raw.string(), qcow2.string()};
    command.timeout = std::chrono::minutes(60);
    base::run_checked(command);
}

}  // namespace imagebuilder
