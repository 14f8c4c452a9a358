// SPDX-License-Identifier: Apache-2.0
// A disk on its way into a qcow2 in one pass. What is streamed is compressed and written at once,
// by several threads; what others write (tables, boot loaders, the inside of file systems) waits in
// a sparse scratch file. The bytes depend on the calls alone. Belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/fd.h"
#include "ovfkit/disk/disk_reader.h"
#include "ovfkit/disk/qcow2/qcow2_encoder.h"

namespace imagebuilder {

// A raw disk as such a qcow2; a file that must not be there yet.
void convert_to_qcow2(const std::filesystem::path& raw, const std::filesystem::path& qcow2);

class DiskWriter {
  public:
    // Makes both files; the scratch file is removed again.
    DiskWriter(const std::filesystem::path& scratch, const std::filesystem::path& qcow2,
               std::uint64_t capacity_bytes);
    DiskWriter(const DiskWriter&) = delete;
    DiskWriter& operator=(const DiskWriter&) = delete;
    ~DiskWriter();

    const std::filesystem::path& scratch() const { return scratch_; }
    int scratch_fd() const { return fd_.get(); }
    void write_scratch(std::uint64_t offset, std::span<const std::byte> data);
    // Each place once, and nobody writes to it otherwise. Pays for data that goes on where the last
    // ended.
    void stream(std::uint64_t offset, std::span<const std::byte> data);
    // The rest; then the qcow2 is a disk. Nothing is synced.
    void finish();

  private:
    void end_run();
    void send();

    std::filesystem::path scratch_;
    base::UniqueFd fd_;
    std::uint64_t capacity_bytes_;
    base::UniqueFd qcow2_;
    ovfkit::Qcow2Encoder encoder_;
    std::uint64_t run_offset_ = 0;         // where run_ begins: a whole cluster
    std::vector<std::byte> run_;           // streamed, not yet sent
    std::vector<ovfkit::DataRange> sent_;  // neighbours merged
};

}  // namespace imagebuilder
