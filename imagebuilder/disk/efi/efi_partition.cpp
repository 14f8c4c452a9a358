// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/efi/efi_partition.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/disk/efi/fat_image.h"
#include "imagebuilder/input_key.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDebiansLoader = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi";
constexpr const char* kLoaderConfig =
    "timeout 0\n"
    "default muster.conf\n";

}  // namespace

fs::path find_systemd_boot() {
    const char* chosen = std::getenv("MUSTER_SYSTEMD_BOOT");
    const fs::path loader = chosen != nullptr ? chosen : kDebiansLoader;
    if (!fs::is_regular_file(loader)) {
        throw base::Error(
            base::ErrorKind::environment,
            fmt::format("systemd-boot for images that boot by UEFI is not at '{}'",
                        loader.string()),
            "apt-get install systemd-boot-efi, or write 'disk: { boot: [bios] }' in the "
            "recipe");
    }
    return loader;
}

std::uint64_t efi_partition_size(std::uint64_t kernel_bytes, std::uint64_t initrd_bytes) {
    return fat32_size_for(2 * (kernel_bytes + initrd_bytes));
}

void write_efi_partition(
    const EfiPartition& partition, const EfiBoot& boot,
    const std::function<void(std::uint64_t, std::span<const std::byte>)>& write_at) {
    const std::string loader = base::read_file(find_systemd_boot());
    const std::string kernel = fmt::format("muster/vmlinuz-{}", boot.kernel_version);
    const std::string initrd = fmt::format("muster/initrd-{}", boot.kernel_version);
    const std::string entry = fmt::format(
        "title {}\n"
        "linux /{}\n"
        "initrd /{}\n"
        "options {}\n",
        boot.title, kernel, initrd, boot.command_line);
    const auto volume_id = static_cast<std::uint32_t>(
        std::stoul(uuid_from_key(partition.key, "efi volume").substr(0, 8), nullptr, 16));
    write_fat32({.size_bytes = partition.size_bytes,
                 .first_sector = partition.first_sector,
                 .volume_id = volume_id,
                 .label = "EFI",
                 .epoch = partition.epoch},
                {{"EFI/BOOT/BOOTX64.EFI", loader},  // what firmware starts without being told
                 {"EFI/systemd/systemd-bootx64.efi", loader},
                 {"loader/loader.conf", kLoaderConfig},
                 {"loader/entries/muster.conf", entry},
                 {kernel, boot.kernel},
                 {initrd, boot.initrd}},
                write_at);
}

}  // namespace imagebuilder
