// SPDX-License-Identifier: Apache-2.0
// Writes a qcow2 of zstd clusters in one pass: clusters are compressed by several threads and
// written in the order in which they came, so the same calls give the same bytes whatever the
// number of threads. What is zeros is left out, what does not become smaller is stored plain.
// Belongs to one thread. When something fails the file is rubbish and the caller's to remove.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ovfkit/disk/qcow2/qcow2_writer.h"

namespace ovfkit {

struct Qcow2EncoderOptions {
    int level = 3;         // of zstd; 3 is qemu-img's
    unsigned threads = 0;  // 0: one per core
};

class Qcow2Encoder {
  public:
    // At most so much is worth giving to add() at once: what one thread works on.
    static constexpr std::uint64_t kBatchBytes = 16 * Qcow2Writer::kClusterBytes;

    // Borrows `fd`, an empty file open for reading and writing.
    Qcow2Encoder(int fd, const std::string& name, std::uint64_t capacity_bytes,
                 const Qcow2EncoderOptions& options = {});
    Qcow2Encoder(const Qcow2Encoder&) = delete;
    Qcow2Encoder& operator=(const Qcow2Encoder&) = delete;
    ~Qcow2Encoder();

    // Whole clusters of the disk from `offset` on (its last one may be cut short by its end). Each
    // cluster once, in any order. At most about 4 MiB per thread are held.
    void add(std::uint64_t offset, std::vector<std::byte> clusters);
    // Only then is the file a disk.
    void finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ovfkit
