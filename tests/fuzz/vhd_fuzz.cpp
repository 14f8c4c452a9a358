// SPDX-License-Identifier: Apache-2.0
// VHD, VHDX, VDI and sparse VMDK from a stranger: the same bytes as each of them.
#include <cstddef>
#include <cstdint>

#include "ovfkit/disk/vmdk/extent_set.h"
#include "tests/fuzz/read_disk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using ovfkit::DiskFormat;
    for (const DiskFormat format :
         {DiskFormat::vpc, DiskFormat::vhdx, DiskFormat::vdi, DiskFormat::vmdk}) {
        tests::read_foreign_disk({data, size}, format);
    }
    try {
        ovfkit::vmdk::parse_extents(base::as_text(std::as_bytes(std::span(data, size))), "fuzz");
    } catch (const base::Error&) {
        // No list of extents.
    }
    return 0;
}
