// SPDX-License-Identifier: Apache-2.0
// Adds entries to an ext4 file system that nobody has mounted. Folders that nobody added before
// what is in them are made (root, 0755). finish() writes it all out; without it the image holds
// rubbish and must be thrown away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "imagebuilder/disk/file_entry.h"

namespace imagebuilder {

class Ext4Writer {
  public:
    // As read(2): how many bytes were put into the buffer, 0 at the end.
    using ReadData = std::function<std::size_t(std::span<std::byte>)>;

    // What is in files, for an offset in the image: each block once, and never asked for again.
    using WriteData = std::function<void(std::uint64_t offset, std::span<const std::byte>)>;

    // The file system is at `offset` of the image, where all but the content of files is written.
    Ext4Writer(const std::filesystem::path& image, std::uint64_t offset, std::int64_t epoch,
               WriteData write_data);
    Ext4Writer(const Ext4Writer&) = delete;
    Ext4Writer& operator=(const Ext4Writer&) = delete;
    ~Ext4Writer();

    void add(const FileEntry& entry, const ReadData& read_data);
    void finish();
    std::uint64_t data_bytes() const;
    std::uint64_t free_bytes() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imagebuilder
