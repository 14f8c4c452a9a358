// SPDX-License-Identifier: Apache-2.0
// A file on a server, read from any place: one transfer as long as the reading goes on where it was
// (or a little after), a new one with Range otherwise. All parts are of the same version of the
// file, else conflict. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/http_source.h"
#include "base/random_access.h"

namespace base {

class HttpAccess : public RandomAccess {
  public:
    // Of a source that takes_ranges() and of which `position` bytes were read.
    HttpAccess(std::unique_ptr<HttpByteSource> source, std::uint64_t position)
        : source_(std::move(source)), position_(position) {}
    std::size_t read_at(std::uint64_t offset, std::span<std::byte> buffer) override;
    std::uint64_t size() const override { return source_->size(); }
    const std::string& name() const override { return source_->name(); }

  private:
    void move_to(std::uint64_t offset);

    std::unique_ptr<HttpByteSource> source_;
    std::uint64_t position_;
};

}  // namespace base
