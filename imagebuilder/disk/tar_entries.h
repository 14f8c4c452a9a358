// SPDX-License-Identifier: Apache-2.0
// Reads a tar stream (pax, GNU; xattrs and ACLs as GNU tar writes them; plain, or compressed by
// gzip, xz or zstd) entry by entry. The only file of this module that knows libarchive. One user at
// a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "imagebuilder/disk/file_entry.h"

namespace imagebuilder {

class TarEntries {
  public:
    // Borrows the descriptor: a file or a pipe. `name` is for messages.
    TarEntries(int fd, std::string name);
    // Borrows the bytes of a whole stream.
    TarEntries(std::string_view bytes, std::string name);
    TarEntries(const TarEntries&) = delete;
    TarEntries& operator=(const TarEntries&) = delete;
    ~TarEntries();

    // False: the end. A truncated stream, or a path that climbs out, is invalid_input.
    bool next(FileEntry& entry);
    // Data of the current entry; 0 is its end. Holes read as zeros.
    std::size_t read(std::span<std::byte> buffer);

  private:
    explicit TarEntries(std::string name);
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imagebuilder
