// SPDX-License-Identifier: Apache-2.0
// A stream whose first bytes were read to find out what it is: they are given back first. Borrows
// or owns the rest.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/stream.h"

namespace ovfkit {

// At most `count` bytes from the front; fewer only at the end. Looks with pread at a regular file
// and leaves its offset alone; else the bytes are gone from the source.
std::string peek_at(base::ByteSource& source, std::size_t count);

class PeekedSource : public base::ByteSource {
  public:
    PeekedSource(base::ByteSource& rest, std::string start)
        : rest_(rest), start_(std::move(start)) {}
    PeekedSource(std::unique_ptr<base::ByteSource> rest, std::string start)
        : owned_(std::move(rest)), rest_(*owned_), start_(std::move(start)) {}
    std::size_t read(std::span<std::byte> buffer) override;
    const std::string& name() const override { return rest_.name(); }
    std::uint64_t size() const override { return rest_.size(); }

  private:
    std::unique_ptr<base::ByteSource> owned_;
    base::ByteSource& rest_;
    std::string start_;
    std::size_t taken_ = 0;
};

}  // namespace ovfkit
