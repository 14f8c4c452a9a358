// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/grown_disk.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace ovfkit {

namespace {

class GrownDisk : public DiskReader {
  public:
    GrownDisk(std::unique_ptr<DiskReader> disk, std::uint64_t capacity)
        : disk_(std::move(disk)), capacity_(capacity) {}
    DiskFormat format() const override { return disk_->format(); }
    const std::string& name() const override { return disk_->name(); }
    std::vector<int> descriptors() const override { return disk_->descriptors(); }
    std::uint64_t capacity_bytes() const override { return capacity_; }
    std::optional<DataRange> next_data(std::uint64_t offset) const override {
        return offset < disk_->capacity_bytes() ? disk_->next_data(offset) : std::nullopt;
    }
    void read_at(std::uint64_t offset, std::span<std::byte> buffer) const override {
        const std::uint64_t end = disk_->capacity_bytes();
        const std::size_t inside =
            offset >= end
                ? 0
                : static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - offset));
        if (inside > 0) {
            disk_->read_at(offset, buffer.first(inside));
        }
        std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(inside), buffer.end(), std::byte{0});
    }

  private:
    std::unique_ptr<DiskReader> disk_;
    std::uint64_t capacity_;
};

}  // namespace

std::unique_ptr<DiskReader> make_grown_disk(std::unique_ptr<DiskReader> disk,
                                            std::uint64_t capacity_bytes) {
    assert(capacity_bytes >= disk->capacity_bytes());
    if (disk->capacity_bytes() == capacity_bytes) {
        return disk;
    }
    return std::make_unique<GrownDisk>(std::move(disk), capacity_bytes);
}

}  // namespace ovfkit
