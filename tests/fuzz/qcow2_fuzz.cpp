// SPDX-License-Identifier: Apache-2.0
// A qcow2 image from a stranger: header, tables and clusters, through a file in memory.
#include <fcntl.h>
#include <sys/mman.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/disk/qcow2/qcow2_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    base::UniqueFd fd(::memfd_create("fuzz", MFD_CLOEXEC));
    base::pwrite_all(fd.get(), std::as_bytes(std::span(data, size)), 0, "fuzz.qcow2");
    try {
        const auto disk = ovfkit::open_qcow2(std::move(fd), size, "fuzz.qcow2");
        std::vector<std::byte> buffer(128U << 10U);
        std::uint64_t offset = 0;
        // A few ranges are enough: all clusters are read the same way.
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
    return 0;
}
