// SPDX-License-Identifier: Apache-2.0
// Where each cluster of a qcow2 image is: the L1 table in memory, L2 tables read on demand with a
// small cache. Thread-safe. Borrows the descriptor and the name.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ovfkit/disk/qcow2/qcow2_header.h"

namespace ovfkit {

// unmapped: zeros, or what the disk below has there.
enum class Qcow2ClusterKind { unmapped, zero, plain, compressed };

struct Qcow2Cluster {
    Qcow2ClusterKind kind = Qcow2ClusterKind::unmapped;
    std::uint64_t offset = 0;  // in the file
    std::uint64_t length = 0;  // of compressed data
};

class Qcow2Tables {
  public:
    Qcow2Tables(int fd, std::uint64_t file_size, const std::string& name,
                const Qcow2Header& header);
    // The cluster that holds the byte `guest_offset`, which is below the size.
    Qcow2Cluster find_cluster(std::uint64_t guest_offset);
    // Where the range without an L2 table ends that `guest_offset` is in; guest_offset itself when
    // there is a table.
    std::uint64_t end_of_unmapped_l2(std::uint64_t guest_offset) const;

  private:
    using Table = std::vector<std::uint64_t>;
    Table read_table(std::uint64_t offset, std::uint64_t entries, const char* what) const;
    std::shared_ptr<const Table> l2_table(std::uint64_t offset);
    Qcow2Cluster parse_entry(std::uint64_t entry) const;

    int fd_;
    std::uint64_t file_size_;
    const std::string& name_;
    Qcow2Header header_;
    Table l1_;
    std::mutex mutex_;                                                          // guards cache_
    std::deque<std::pair<std::uint64_t, std::shared_ptr<const Table>>> cache_;  // newest first
};

}  // namespace ovfkit
