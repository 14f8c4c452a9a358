// SPDX-License-Identifier: Apache-2.0
// What the parsers of block maps share: bounded reads, and how they complain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/disk/blockmap/block_map.h"

namespace ovfkit {

class BlockMapFile {
  public:
    // `kind` is what messages call the format: "VHD".
    BlockMapFile(int fd, std::uint64_t size, const std::string& name, std::string_view kind)
        : fd_(fd), size_(size), name_(name), kind_(kind) {}

    std::uint64_t size() const { return size_; }
    // Throws invalid_input when the file ends before, and when it is more than `kMostBytes`.
    std::vector<std::byte> read(std::uint64_t offset, std::uint64_t bytes) const;
    [[noreturn]] void fail_damaged(std::string_view what) const;
    [[noreturn]] void fail_unsupported(std::string_view what) const;
    // Capacity and block size in sane ranges; returns how many blocks there are.
    std::uint64_t check_geometry(std::uint64_t capacity_bytes, std::uint64_t block_bytes) const;
    // A block at `place` must lie in the file as far as the disk goes.
    void check_place(const BlockMap& map, std::uint64_t block, std::uint64_t place) const;

    static constexpr std::uint64_t kMostBytes = 16U << 20U;

  private:
    int fd_;
    std::uint64_t size_;
    const std::string& name_;
    std::string_view kind_;
};

}  // namespace ovfkit
