// SPDX-License-Identifier: Apache-2.0
// Writes a disk as a streamOptimized VMDK, version 3, in one pass without a seek (VMware Virtual
// Disk Format 5.0, "Stream-Optimized Compressed Sparse Extents"): header, embedded descriptor,
// 64 KiB grains deflated by several threads but written in disk order, grain tables after their
// grains, grain directory, footer, and the end-of-stream marker as the last sector.
// The same disk, level and options give the same bytes whatever the number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/stream.h"
#include "ovfkit/disk/disk_reader.h"

namespace ovfkit {

struct StreamVmdkOptions {
    int level = 6;         // libdeflate level, 1 to 12
    bool fast = false;     // ISA-L instead: quick, and about a tenth larger
    unsigned threads = 0;  // 0: one per core
    // Content id of the descriptor. Absent: derived from the capacity and the first 64 KiB.
    std::optional<std::uint32_t> cid;
    std::string extent_name = "disk.vmdk";  // what the descriptor calls its own file
    // For a delta (ovf:parentRef): only grains that differ from this disk are stored, one that
    // became zeros as a grain of zeros. Borrowed; no larger than the disk. DSP0243 9.1.
    const DiskReader* parent = nullptr;
    // Called by the writing thread: bytes of the disk done so far, out of its capacity.
    std::function<void(std::uint64_t done, std::uint64_t total)> on_progress;
};

struct StreamVmdkResult {
    std::uint64_t capacity_bytes = 0;   // ovf:capacity
    std::uint64_t populated_bytes = 0;  // ovf:populatedSize: 64 KiB for every grain that is there
    std::uint64_t encoded_bytes = 0;    // bytes given to the sink
};

// The sink is used by the calling thread only. At most about 3 MiB per thread are held. When a read
// or the sink fails, the error is thrown after all threads have ended; what the sink got is
// incomplete and for the caller to throw away.
StreamVmdkResult encode_stream_optimized(const DiskReader& disk, base::ByteSink& sink,
                                         const StreamVmdkOptions& options = {});

}  // namespace ovfkit
