// SPDX-License-Identifier: Apache-2.0
// Lays encoded grains, their tables and the directory out in a stream, front to back. Used by one
// thread; borrows the sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/stream.h"
#include "ovfkit/disk/vmdk/descriptor.h"
#include "ovfkit/disk/vmdk/sparse_format.h"

namespace ovfkit::vmdk {

// Framed grains of one grain table, in disk order.
struct EncodedGrains {
    struct Place {
        std::uint64_t grain = 0;
        std::uint64_t sector = 0;  // from the beginning of `records`
    };
    std::vector<std::byte> records;  // whole sectors
    std::vector<Place> places;
    std::uint64_t end_grain = 0;  // how far in the disk this goes

    // Frames one deflated grain: marker, data, padding.
    void append(std::uint64_t grain, std::span<const std::byte> deflated);
};

class StreamWriter {
  public:
    StreamWriter(base::ByteSink& sink, std::uint64_t capacity_bytes, std::string name);
    void begin(const ContentIds& ids, std::string_view extent_name);
    void add(const EncodedGrains& grains);  // in disk order
    void finish();                          // last table, directory, footer, end of stream
    std::uint64_t bytes_written() const { return sector_ * kSector; }
    std::uint64_t grains_written() const { return grains_; }

  private:
    void put(std::span<const std::byte> sectors);
    void put_entries(MarkerType type, std::span<const std::uint32_t> entries);
    void flush_table();
    std::uint32_t entry(std::uint64_t sector) const;  // checks the 32-bit limit

    base::ByteSink& sink_;
    std::string name_;
    SparseHeader header_;
    std::uint64_t sector_ = 0;
    std::uint64_t grains_ = 0;
    std::uint64_t table_index_ = 0;
    bool table_used_ = false;
    std::vector<std::uint32_t> table_;
    std::vector<std::uint32_t> directory_;
};

}  // namespace ovfkit::vmdk
