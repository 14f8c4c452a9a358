// SPDX-License-Identifier: Apache-2.0
// Makes the tar stream of an OVA out of files that lie elsewhere: headers, padding and end mark.
// What a folder and a zip archive have in common. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/stream.h"

namespace ovfkit {

class TarStream : public base::ByteSource {
  public:
    explicit TarStream(std::string name) : name_(std::move(name)) {}
    std::size_t read(std::span<std::byte> buffer) override;
    const std::string& name() const override { return name_; }

  protected:
    struct Member {
        std::string name;
        std::uint64_t size = 0;
    };
    // Opens the next file; the one before was read to its end. Absent: there are no more.
    virtual std::optional<Member> next_member() = 0;
    // Bytes of the open file; 0 means that it ended too early.
    virtual std::size_t read_member(std::span<std::byte> buffer) = 0;

  private:
    void begin_next();

    std::string name_;
    std::string pending_;  // headers and padding, before more data
    std::size_t pending_taken_ = 0;
    std::uint64_t member_size_ = 0;
    std::uint64_t member_left_ = 0;
    bool ended_ = false;
};

}  // namespace ovfkit
