// SPDX-License-Identifier: Apache-2.0
// Writes a qcow2, version 3, 64 KiB clusters, compression type zlib (QEMU docs/interop/qcow2.txt).
// Clusters are plain (through DiskTarget) or come already deflated, packed end to end. Memory is
// bounded whatever the size of the disk: a few tables and one buffer. Clusters may come in any
// order, each deflated one once. reserve, add_deflated and finish belong to one thread; write_at
// may be called from several. When a write fails the file is rubbish and the caller's to remove.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "ovfkit/disk/disk_target.h"
#include "ovfkit/disk/qcow2/qcow2_table_cache.h"
#include "ovfkit/disk/raw/sparse_file.h"

namespace ovfkit {

class Qcow2Writer : public DiskTarget {
  public:
    static constexpr unsigned kClusterBits = 16;
    static constexpr std::uint64_t kClusterBytes = std::uint64_t{1} << kClusterBits;

    // Borrows `fd`, an empty file open for reading and writing.
    Qcow2Writer(int fd, std::string name);

    const std::string& name() const override { return file_.name(); }
    void set_capacity(std::uint64_t bytes) override;
    void reserve(std::uint64_t offset, std::uint64_t length) override;
    void write_at(std::uint64_t offset, std::span<const std::byte> data) override;
    void finish() override;

    // What add_deflated() takes: smaller than a cluster, and not so small that it cannot inflate to
    // one (deflate never does better than 1032 to 1).
    static constexpr bool takes_deflated(std::size_t bytes) {
        return bytes >= 64 && bytes < kClusterBytes;
    }
    // A raw deflate stream that inflates to one whole cluster.
    void add_deflated(std::uint64_t cluster, std::span<const std::byte> deflated);

  private:
    std::uint64_t take_space(std::uint64_t clusters);
    std::uint64_t allocate(std::uint64_t clusters);
    void count_reference(std::uint64_t host_cluster);
    std::uint64_t mapping(std::uint64_t cluster);
    void map(std::uint64_t cluster, std::uint64_t entry);
    void flush_packed();
    void write_refcount_table(std::uint64_t offset, std::uint64_t clusters);
    std::uint64_t l1_entries() const;
    std::uint64_t write_l1_table();
    void write_header(std::uint64_t l1_table, std::uint64_t refcount_table,
                      std::uint64_t refcount_clusters);

    SparseFile file_;
    std::mutex mutex_;  // guards all below but packed_*
    std::uint64_t capacity_bytes_ = 0;
    std::uint64_t end_ = kClusterBytes;     // of the space given away; the header has the first
    std::vector<std::uint64_t> uncounted_;  // refcount blocks made meanwhile
    Qcow2TableCache refcounts_;
    Qcow2TableCache l2_;
    std::vector<std::byte> packed_;      // deflated clusters on their way to the file
    std::uint64_t packed_offset_ = 0;    // where packed_ begins
    std::uint64_t packed_room_end_ = 0;  // of the space that is theirs
};

}  // namespace ovfkit
