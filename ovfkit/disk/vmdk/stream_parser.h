// SPDX-License-Identifier: Apache-2.0
// Cuts a streamOptimized VMDK that comes in any chunking into its grains, and checks everything but
// what is inside them. Holds at most one record. Used by
// one thread; borrows the consumer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ovfkit/disk/vmdk/grain_ledger.h"
#include "ovfkit/disk/vmdk/overhead_reader.h"
#include "ovfkit/disk/vmdk/sparse_format.h"

namespace ovfkit::vmdk {

class GrainConsumer {
  public:
    virtual ~GrainConsumer() = default;
    virtual void begin(const SparseHeader& header) = 0;  // once, before the first grain
    // `grain` is below header.grains() and comes once; the bytes are gone after the call.
    virtual void add(std::uint64_t grain, std::span<const std::byte> deflated) = 0;
};

class StreamParser {
  public:
    // A delta leaves out what its parent has.
    StreamParser(std::string name, std::uint64_t max_capacity_bytes, bool is_delta,
                 GrainConsumer& consumer);
    void feed(std::span<const std::byte> data);
    void finish();  // throws invalid_input when the stream is not complete
    // After finish().
    const SparseHeader& header() const { return header_; }
    bool has_grain(std::uint64_t grain) const { return ledger_->has_grain(grain); }

  private:
    enum class State { header, overhead, records };

    void consume(std::span<const std::byte> item);
    void begin_extent(std::span<const std::byte> sector);
    void end_overhead();
    void read_record(std::span<const std::byte> record);
    void read_grain(std::span<const std::byte> record, std::uint32_t size);
    void read_metadata(std::span<const std::byte> record);
    void read_footer(std::span<const std::byte> payload);
    std::uint64_t record_bytes(std::span<const std::byte> marker) const;
    std::uint64_t metadata_sectors(std::uint32_t type, std::uint64_t stored) const;
    [[noreturn]] void fail(std::string_view what) const;

    std::string name_;
    std::uint64_t max_capacity_bytes_;
    bool is_delta_;
    GrainConsumer& consumer_;
    State state_ = State::header;
    std::vector<std::byte> pending_;  // the beginning of an item that is not all there yet
    std::uint64_t needed_ = kSector;  // bytes of the item
    std::uint64_t sector_ = 0;        // where the item begins
    std::uint64_t zero_sectors_ = 0;  // in a row
    SparseHeader header_;
    std::optional<GrainLedger> ledger_;
    std::optional<OverheadReader> overhead_;
    std::optional<SparseHeader> footer_;
    bool ended_ = false;  // end-of-stream marker after the footer
};

}  // namespace ovfkit::vmdk
