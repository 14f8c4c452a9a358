// SPDX-License-Identifier: Apache-2.0
// A disk being written as a sparse raw file: blocks at their places, holes where nothing is
// written. Borrows the descriptor. write_at may be called from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ovfkit {

class SparseFile {
  public:
    SparseFile(int fd, std::string name);
    // Full file systems say how much is free there.
    void write_at(std::uint64_t offset, std::span<const std::byte> data) const;
    // Fills the buffer with what was written there before.
    void read_at(std::uint64_t offset, std::span<std::byte> buffer) const;
    void set_size(std::uint64_t bytes) const;
    const std::string& name() const { return name_; }

  private:
    std::string space_hint() const;

    int fd_;
    std::string name_;
};

}  // namespace ovfkit
