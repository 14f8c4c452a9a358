// SPDX-License-Identifier: Apache-2.0
// A streamOptimized VMDK from a stranger: parser and inflating, without the threads. The first byte
// is the chunk size, and whether it is a delta.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/disk/codec/deflate.h"
#include "ovfkit/disk/vmdk/stream_parser.h"

namespace {

class InflatingConsumer : public ovfkit::vmdk::GrainConsumer {
  public:
    void begin(const ovfkit::vmdk::SparseHeader& header) override {
        grain_.resize(header.grain_bytes());
    }
    void add(std::uint64_t, std::span<const std::byte> deflated) override {
        static_cast<void>(inflater_.zlib(deflated, grain_));
    }

  private:
    ovfkit::Inflater inflater_;
    std::vector<std::byte> grain_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t chunk = 1U + data[0] * 37U;
    std::span<const std::byte> rest = std::as_bytes(std::span(data + 1, size - 1));
    InflatingConsumer consumer;
    try {
        ovfkit::vmdk::StreamParser parser("fuzz.vmdk", base::kGiB, data[0] % 2 == 1, consumer);
        while (!rest.empty()) {
            const std::size_t count = std::min(chunk, rest.size());
            parser.feed(rest.first(count));
            rest = rest.subspan(count);
        }
        parser.finish();
        for (std::uint64_t grain = 0;
             grain < std::min<std::uint64_t>(parser.header().grains(), 600); ++grain) {
            static_cast<void>(parser.has_grain(grain));
        }
    } catch (const base::Error&) {
        // Refused, as most of these should be.
    }
    return 0;
}
