// SPDX-License-Identifier: Apache-2.0
// A folder package as the tar stream of an OVA: descriptor, manifest, certificate, then the files
// that the descriptor refers to or the manifest lists, chunks too. Names come from a stranger's
// descriptor: each is opened component by component beneath the folder, links are refused, only
// regular files are members. A file that changes while it is read is a conflict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "ovfkit/package/source/tar_stream.h"

namespace ovfkit {

// Opens `name` ("sub/disk.vmdk") beneath the folder. Absent: an empty descriptor. Throws
// invalid_input for links and whatever is no regular file.
base::UniqueFd open_beneath(int folder_fd, const std::string& name);

class FolderSource : public TarStream {
  public:
    // `descriptor_path`: of the .ovf file; `name` is what messages call the package.
    FolderSource(const std::string& descriptor_path, std::string name);
    std::uint64_t size() const override { return total_; }

  protected:
    std::optional<Member> next_member() override;
    std::size_t read_member(std::span<std::byte> buffer) override;

  private:
    void list_members(const std::string& descriptor, const std::string& manifest);
    void add_if_there(const std::string& name);
    void add_file_or_chunks(const std::string& name);
    std::string read_text(const std::string& name) const;
    void check_unchanged() const;

    base::UniqueFd folder_fd_;
    std::vector<std::string> members_;
    std::uint64_t total_ = 0;
    std::size_t next_ = 0;
    base::UniqueFd file_;
    std::uint64_t file_size_ = 0;
};

}  // namespace ovfkit
