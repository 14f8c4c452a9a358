// SPDX-License-Identifier: Apache-2.0
// Where the members of a package are written: into an OVA (TarWriter) or into a folder
// (FolderWriter). One member at a time, in order. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/stream.h"

namespace ovfkit {

class MemberOutput : public base::ByteSink {
  public:
    // Sizes may be unknown beforehand, and earlier data can be patched.
    virtual bool seekable() const = 0;
    // Starts a member. Without a size: seekable outputs only.
    virtual void begin_member(const std::string& name, std::optional<std::uint64_t> size) = 0;
    // Throws internal when the bytes written are not the size announced.
    virtual void end_member() = 0;
    // Overwrites data of an earlier member in place; `offset` as position() told when it was
    // written.
    virtual void patch(std::uint64_t offset, std::string_view data) = 0;
    virtual void finish() = 0;
    virtual std::uint64_t position() const = 0;  // bytes written so far
};

}  // namespace ovfkit
