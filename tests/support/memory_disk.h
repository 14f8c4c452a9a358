// SPDX-License-Identifier: Apache-2.0
// A raw disk in memory, for tests of what interprets a disk's bytes. A size that is no multiple of
// 512 is filled with zeros.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/disk_reader.h"

namespace tests {

class MemoryDisk : public ovfkit::DiskReader {
  public:
    explicit MemoryDisk(std::span<const std::byte> bytes) : bytes_(bytes.begin(), bytes.end()) {
        bytes_.resize(ovfkit::round_up(bytes_.size(), 512));
    }

    ovfkit::DiskFormat format() const override { return ovfkit::DiskFormat::raw; }
    const std::string& name() const override { return name_; }
    std::uint64_t capacity_bytes() const override { return bytes_.size(); }
    std::vector<int> descriptors() const override { return {}; }
    std::optional<ovfkit::DataRange> next_data(std::uint64_t offset) const override {
        return offset < bytes_.size()
                   ? std::optional(ovfkit::DataRange{offset, bytes_.size() - offset})
                   : std::nullopt;
    }
    void read_at(std::uint64_t offset, std::span<std::byte> buffer) const override {
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(),
                    buffer.begin());
    }
    std::span<std::byte> bytes() { return bytes_; }

  private:
    std::string name_ = "memory";
    std::vector<std::byte> bytes_;
};

}  // namespace tests
