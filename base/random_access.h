// SPDX-License-Identifier: Apache-2.0
// Bytes that are read from any place, not only from front to back: of a regular file, or of a file
// on a server that sends parts (http_access.h). Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/stream.h"

namespace base {

class RandomAccess {
  public:
    virtual ~RandomAccess() = default;
    // Blocks for at least one byte from there on; 0 at the end.
    virtual std::size_t read_at(std::uint64_t offset, std::span<std::byte> buffer) = 0;
    virtual std::uint64_t size() const = 0;
    virtual const std::string& name() const = 0;
};

// Fills the buffer, else invalid_input: "ends too early".
void read_exactly_at(RandomAccess& access, std::uint64_t offset, std::span<std::byte> buffer);

// Of a source with a seekable_fd(), which it owns.
class FileAccess : public RandomAccess {
  public:
    explicit FileAccess(std::unique_ptr<ByteSource> file)
        : file_(std::move(file)), size_(file_->size()) {}
    std::size_t read_at(std::uint64_t offset, std::span<std::byte> buffer) override {
        return pread_some(file_->seekable_fd(), buffer, offset, name());
    }
    std::uint64_t size() const override { return size_; }
    const std::string& name() const override { return file_->name(); }

  private:
    std::unique_ptr<ByteSource> file_;
    std::uint64_t size_;
};

}  // namespace base
