// SPDX-License-Identifier: Apache-2.0
// Writes the members of a package as files of a new folder that the caller publishes afterwards
// (base::TempDir beside the final place, then rename). Member names become paths beneath the
// folder only after the rules for member names; nothing that exists is overwritten.
#pragma once

#include <vector>

#include "base/fd.h"
#include "ovfkit/package/member_output.h"

namespace ovfkit {

class FolderWriter : public MemberOutput {
  public:
    explicit FolderWriter(const std::string& folder);

    bool seekable() const override { return true; }
    void begin_member(const std::string& name, std::optional<std::uint64_t> size) override;
    void write(std::span<const std::byte> data) override;
    void end_member() override;
    void patch(std::uint64_t offset, std::string_view data) override;
    void finish() override;  // everything is on the disk afterwards (fsync)
    std::uint64_t position() const override { return position_; }

  private:
    struct Written {
        std::string name;
        std::uint64_t start;
        std::uint64_t size;
    };

    std::string folder_;
    base::UniqueFd folder_fd_;
    base::UniqueFd file_;
    std::vector<Written> members_;
    std::optional<std::uint64_t> announced_;
    std::uint64_t position_ = 0;
};

}  // namespace ovfkit
