// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/compare_disks.h"

#include <algorithm>
#include <vector>

#include "base/byte_size.h"
#include "base/interrupt.h"

namespace ovfkit {

std::optional<DataRange> next_data_of_either(const DiskReader& one, const DiskReader* other,
                                             std::uint64_t offset) {
    const auto next_of = [&](const DiskReader& disk) {
        return offset < disk.capacity_bytes() ? disk.next_data(offset) : std::nullopt;
    };
    const auto first = next_of(one);
    const auto second = other != nullptr ? next_of(*other) : std::nullopt;
    return first && (!second || first->offset <= second->offset) ? first : second;
}

void read_padded(const DiskReader& disk, std::uint64_t offset, std::span<std::byte> buffer) {
    const std::uint64_t end = std::max(offset, disk.capacity_bytes());
    const auto there =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - offset));
    if (there > 0) {
        disk.read_at(offset, buffer.first(there));
    }
    std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(there), buffer.end(), std::byte{0});
}

bool is_same_content(const DiskReader& one, const DiskReader& other) {
    if (one.capacity_bytes() != other.capacity_bytes()) {
        return false;
    }
    std::vector<std::byte> left(base::kMiB);
    std::vector<std::byte> right(base::kMiB);
    std::uint64_t offset = 0;
    while (const auto range = next_data_of_either(one, &other, offset)) {
        base::interrupt().check();
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(left.size(), range->length));
        one.read_at(range->offset, std::span(left).first(size));
        other.read_at(range->offset, std::span(right).first(size));
        if (!std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(size),
                        right.begin())) {
            return false;
        }
        offset = range->offset + size;
    }
    return true;
}

}  // namespace ovfkit
