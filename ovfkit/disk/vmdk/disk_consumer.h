// SPDX-License-Identifier: Apache-2.0
// What is done with the grains of a streamOptimized VMDK: a disk is made of them, by inflating
// (inflating_consumer.h) or by adoption (adopting_consumer.h).
#pragma once

#include "ovfkit/disk/member_sink.h"
#include "ovfkit/disk/vmdk/stream_parser.h"

namespace ovfkit::vmdk {

class DiskConsumer : public GrainConsumer {
  public:
    // After the last grain: bytes at a place where no grain was, in the order of the disk.
    virtual void fill(std::uint64_t offset, std::span<const std::byte> data) = 0;
    // After all that: waits for the workers and completes the file.
    virtual DecodedDisk finish() = 0;
};

}  // namespace ovfkit::vmdk
