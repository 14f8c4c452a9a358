// SPDX-License-Identifier: Apache-2.0
// Entries of a tree as a tar stream: POSIX pax with xattrs as GNU tar and libarchive know them
// (SCHILY.xattr.*) and files with holes in GNU's format 1.0. The same entries make the same bytes.
// Borrows the sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/stream.h"
#include "imagebuilder/disk/file_entry.h"
#include "imagebuilder/filetree/file_tree.h"

namespace imagebuilder {

class TarWriter {
  public:
    explicit TarWriter(base::ByteSink& sink) : sink_(sink) {}

    // A path like "usr/bin/env" is written as "./usr/bin/env". After a file, exactly its size of
    // content goes through write(). Not for sockets, which tar does not know.
    void add(const FileEntry& entry);
    // A file with holes: write() takes the bytes of the runs, one after the other.
    void add_sparse(const FileEntry& entry, const std::vector<FileRun>& runs);
    void write(std::span<const std::byte> content);
    void write_zeros(std::uint64_t bytes);
    void finish();  // the end of the archive

  private:
    void add_header(const FileEntry& entry, std::uint64_t stored, std::string records,
                    const std::string& name);
    void end_content();
    void put(std::span<const std::byte> bytes);

    base::ByteSink& sink_;
    std::vector<std::byte> buffer_;
    std::uint64_t left_ = 0;     // of the content that has to come
    std::uint64_t padding_ = 0;  // behind it
};

}  // namespace imagebuilder
