// SPDX-License-Identifier: Apache-2.0
// A disk image from a stranger as a file in memory, opened and read in places.
#pragma once

#include <sys/mman.h>
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/disk/disk_reader.h"

namespace tests {

inline void read_foreign_disk(std::span<const std::uint8_t> data, ovfkit::DiskFormat format) {
    base::UniqueFd fd(::memfd_create("fuzz", MFD_CLOEXEC));
    base::pwrite_all(fd.get(), std::as_bytes(data), 0, "fuzz");
    try {
        const auto disk = ovfkit::open_foreign_disk(std::move(fd), "fuzz", format);
        std::vector<std::byte> buffer(128U << 10U);
        std::uint64_t offset = 0;
        // A few ranges are enough: all of them are read the same way.
        for (int ranges = 0; ranges < 8; ++ranges) {
            const auto range = disk->next_data(offset);
            if (!range) {
                break;
            }
            const std::uint64_t length = std::min<std::uint64_t>(range->length, buffer.size());
            disk->read_at(range->offset, std::span(buffer).first(length));
            offset = range->offset + range->length;
        }
    } catch (const base::Error&) {
        // Refused, as most of these should be.
    }
}

}  // namespace tests
