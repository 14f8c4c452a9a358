// SPDX-License-Identifier: Apache-2.0
// The EFI system partition of an image: systemd-boot, which starts the image's kernel without
// asking (Boot Loader Specification, type 1). Both are on the partition, so nothing has to read the
// root file system. Depends on the arguments and the host's systemd-boot only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace imagebuilder {

struct EfiBoot {
    std::string title;
    std::string kernel_version;
    std::string kernel;  // bytes
    std::string initrd;  // bytes
    std::string command_line;
};

// $MUSTER_SYSTEMD_BOOT, else Debian's; throws environment with the package to install.
std::filesystem::path find_systemd_boot();

// With room for another kernel and initrd of that size, so that a system can update itself.
std::uint64_t efi_partition_size(std::uint64_t kernel_bytes, std::uint64_t initrd_bytes);

struct EfiPartition {
    std::uint64_t size_bytes = 0;
    std::uint64_t first_sector = 0;
    std::string key;  // the volume's id is derived from it
    std::int64_t epoch = 0;
};

// `write_at` takes bytes for an offset in the partition, which was zeros.
void write_efi_partition(
    const EfiPartition& partition, const EfiBoot& boot,
    const std::function<void(std::uint64_t, std::span<const std::byte>)>& write_at);

}  // namespace imagebuilder
