// SPDX-License-Identifier: Apache-2.0
// Writes a qcow2, version 3, 64 KiB clusters (QEMU docs/interop/qcow2.txt). Clusters are plain
// (through DiskTarget) or come already compressed, packed end to end: deflated, or as zstd frames.
// Memory is bounded whatever the size of the disk: a few tables and one buffer. Clusters may come
// in any order, each compressed one once. reserve, add_compressed and finish belong to one thread;
// write_at may be called from several. When a write fails the file is rubbish and the caller's to
// remove.
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

    // What all compressed clusters of a file are.
    enum class Compression : std::uint8_t { zlib = 0, zstd = 1 };

    // Borrows `fd`, an empty file open for reading and writing.
    Qcow2Writer(int fd, std::string name, Compression compression = Compression::zlib);

    const std::string& name() const override { return file_.name(); }
    void set_capacity(std::uint64_t bytes) override;
    void reserve(std::uint64_t offset, std::uint64_t length) override;
    void write_at(std::uint64_t offset, std::span<const std::byte> data) override;
    void finish() override;

    // Of a stranger's deflate stream, for add_compressed(): smaller than a cluster, and not so
    // small that it cannot inflate to one (deflate never does better than 1032 to 1).
    static constexpr bool takes_deflated(std::size_t bytes) {
        return bytes >= 64 && bytes < kClusterBytes;
    }
    // A raw deflate stream, or a zstd frame, of one whole cluster; smaller than that.
    void add_compressed(std::uint64_t cluster, std::span<const std::byte> compressed);

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
    Compression compression_;
    std::mutex mutex_;  // guards all below but packed_*
    std::uint64_t capacity_bytes_ = 0;
    std::uint64_t end_ = kClusterBytes;     // of the space given away; the header has the first
    std::vector<std::uint64_t> uncounted_;  // refcount blocks made meanwhile
    Qcow2TableCache refcounts_;
    Qcow2TableCache l2_;
    std::vector<std::byte> packed_;      // compressed clusters on their way to the file
    std::uint64_t packed_offset_ = 0;    // where packed_ begins
    std::uint64_t packed_room_end_ = 0;  // of the space that is theirs
};

}  // namespace ovfkit
