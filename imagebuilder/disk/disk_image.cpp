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
#include "imagebuilder/disk/ext4_image.h"
#include "imagebuilder/disk/gpt.h"
#include "imagebuilder/disk/grub_bios.h"
#include "imagebuilder/input_key.h"
#include "imagebuilder/tree/layers.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kCoreFirst = base::kMiB / kSector;  // partitions begin on whole MiB
constexpr std::uint64_t kRootFirst = 2 * base::kMiB / kSector;

}  // namespace

void make_raw_disk(const RawDiskOptions& options, const fs::path& tree) {
    const base::UniqueFd fd =
        base::open_file(options.raw.string(), O_RDWR | O_CREAT | O_EXCL, 0600);
    if (::ftruncate(fd.get(), static_cast<off_t>(options.size_bytes)) != 0) {
        throw base::SystemError(errno, fmt::format("cannot size '{}'", options.raw.string()));
    }
    // The last MiB is for the table's backup.
    const std::uint64_t root_bytes = options.size_bytes - 3 * base::kMiB;
    TreeStream stream(tree);
    const Ext4Summary summary = make_ext4({options.raw, kRootFirst * kSector, root_bytes,
                                           options.filesystem_uuid, "root", options.epoch},
                                          stream.fd(), "the image's tree");
    stream.finish();
    base::log(base::LogLevel::info, "imagebuilder", "{} files, {} of data, {} free", summary.files,
              base::format_byte_size(summary.data_bytes),
              base::format_byte_size(summary.free_bytes));
    write_gpt(fd.get(), options.size_bytes, uuid_from_key(options.key, "disk"),
              {{kBiosBootType, uuid_from_key(options.key, "bios boot"), "bios-boot", kCoreFirst,
                kRootFirst - 1},
               {kLinuxFilesystemType, uuid_from_key(options.key, "root partition"), "root",
                kRootFirst, kRootFirst + root_bytes / kSector - 1}},
              options.raw.string());
    install_grub(fd.get(), options.raw.string(),
                 {kCoreFirst, kRootFirst - kCoreFirst, options.filesystem_uuid, options.work_dir});
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
