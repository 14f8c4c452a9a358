// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/disk/disk_pages.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace imagebuilder {

const DiskPages::Page& DiskPages::load(std::uint64_t number) const {
    if (const auto found = by_number_.find(number); found != by_number_.end()) {
        pages_.splice(pages_.begin(), pages_, found->second);
        return pages_.front();
    }
    const std::uint64_t offset = number * kPageBytes;
    const std::size_t bytes = std::min<std::uint64_t>(kPageBytes, capacity_bytes() - offset);
    // Read before anything is put in order: it may throw.
    Page page;
    if (pages_.size() >= most_pages_) {
        by_number_.erase(pages_.back().number);
        page = std::move(pages_.back());
        pages_.pop_back();
    }
    page.number = number;
    page.bytes.resize(bytes);
    disk_.read_at(offset, page.bytes);
    pages_.push_front(std::move(page));
    by_number_[number] = pages_.begin();
    return pages_.front();
}

void DiskPages::read_at(std::uint64_t offset, std::span<std::byte> buffer) const {
    if (!holds(offset, buffer.size())) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("disk '{}' ends at byte {}, before what it should hold at byte {}", name(),
                        capacity_bytes(), offset),
            "the image is cut off or damaged");
    }
    while (!buffer.empty()) {
        const std::uint64_t number = offset / kPageBytes;
        const std::uint64_t within = offset % kPageBytes;
        const std::size_t count = std::min<std::uint64_t>(buffer.size(), kPageBytes - within);
        if (count == kPageBytes && !by_number_.contains(number)) {
            // Content of files, which nobody asks for twice.
            disk_.read_at(offset, buffer.first(count));
        } else {
            const Page& page = load(number);
            std::copy_n(page.bytes.begin() + static_cast<std::ptrdiff_t>(within), count,
                        buffer.begin());
        }
        offset += count;
        buffer = buffer.subspan(count);
    }
}

std::vector<std::byte> DiskPages::read(std::uint64_t offset, std::size_t bytes) const {
    std::vector<std::byte> buffer(bytes);
    read_at(offset, buffer);
    return buffer;
}

}  // namespace imagebuilder
