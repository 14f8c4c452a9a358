// SPDX-License-Identifier: Apache-2.0
// A disk that is being written block by block: a sparse raw file (raw/sparse_file.h) or a qcow2
// (qcow2/qcow2_writer.h). What is never written reads as zeros. The file is neither synced nor
// renamed here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ovfkit/disk/disk_reader.h"

namespace ovfkit {

class DiskTarget {
  public:
    virtual ~DiskTarget() = default;
    virtual const std::string& name() const = 0;  // for messages
    // Once, at any time before finish(); a multiple of 512.
    virtual void set_capacity(std::uint64_t bytes) = 0;
    // Finds room for a range, before write_at() of it: one thread calls this, in an order that
    // depends on the disk alone, so that the result does too.
    virtual void reserve(std::uint64_t offset, std::uint64_t length) = 0;
    // May be called from several threads, and while another thread reserves.
    virtual void write_at(std::uint64_t offset, std::span<const std::byte> data) = 0;
    // After the last write. Only then is the file a disk.
    virtual void finish() = 0;
};

// Borrows `fd`, an empty regular file open for reading and writing.
std::unique_ptr<DiskTarget> make_disk_target(DiskFormat format, int fd, const std::string& name);

}  // namespace ovfkit
