// SPDX-License-Identifier: Apache-2.0
// Writes a ustar archive that is the same for the same input: owner 0, mode 0644, one time stamp.
// Sizes from 8 GiB on are written in base-256 (GNU), which every reader of OVAs knows. Into a pipe
// the size of a member must be known before its data; into a file it may be filled in afterwards.
// Not thread-safe. Borrows the sink or descriptor.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/stream.h"
#include "ovfkit/package/member_output.h"

namespace ovfkit {

// SOURCE_DATE_EPOCH if set, else 1980-01-01: the same everywhere.
std::uint64_t package_time();

class TarWriter : public MemberOutput {
  public:
    explicit TarWriter(base::ByteSink& sink, std::uint64_t mtime = package_time());
    // A seekable file, written from its current offset on.
    TarWriter(int fd, std::string name, std::uint64_t mtime = package_time());
    TarWriter(const TarWriter&) = delete;
    TarWriter& operator=(const TarWriter&) = delete;

    bool seekable() const override { return fd_ >= 0; }
    // Starts a member. Without a size: seekable files only, the header is patched at end_member().
    void begin_member(const std::string& name, std::optional<std::uint64_t> size) override;
    void write(std::span<const std::byte> data) override;
    // Pads; throws internal when the bytes written are not the size announced.
    void end_member() override;
    // Overwrites data of an earlier member in place (seekable files only).
    void patch(std::uint64_t offset, std::string_view data) override;
    // The two zero blocks at the end, padded to 10 KiB as tar programs do.
    void finish() override;

    std::uint64_t position() const override { return position_; }

  private:
    void put(std::span<const std::byte> data);
    void put_zeros(std::uint64_t count);

    base::ByteSink* sink_ = nullptr;
    int fd_ = -1;
    std::uint64_t base_offset_ = 0;
    std::string name_;
    std::uint64_t mtime_;
    std::uint64_t position_ = 0;
    std::string member_name_;
    std::uint64_t member_start_ = 0;  // of its data
    std::optional<std::uint64_t> announced_;
    bool in_member_ = false;
};

}  // namespace ovfkit
