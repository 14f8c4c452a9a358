// SPDX-License-Identifier: Apache-2.0
// A partition table from a stranger: GPT, MBR, and the marks of file systems in what they divide.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "imagebuilder/filetree/disk/file_system_mark.h"
#include "imagebuilder/filetree/disk/fstab.h"
#include "imagebuilder/filetree/disk/partition_table.h"
#include "tests/support/memory_disk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const tests::MemoryDisk disk(std::as_bytes(std::span(data, size)));
    const imagebuilder::DiskPages pages(disk);
    try {
        for (const auto& part : imagebuilder::read_partition_table(pages).partitions) {
            if (part.offset > size || part.bytes > disk.capacity_bytes() - part.offset) {
                __builtin_trap();
            }
            imagebuilder::identify_file_system(pages, part.offset, part.bytes);
        }
    } catch (const base::Error&) {
        // Refused, as many of these should be.
    }
    // SAFETY: bytes are characters.
    imagebuilder::parse_fstab({reinterpret_cast<const char*>(data), size});
    return 0;
}
