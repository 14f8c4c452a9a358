// SPDX-License-Identifier: Apache-2.0
// A disk image read in small pieces: pages of 64 KiB (a cluster of a qcow2, a grain of a VMDK), the
// last of them kept. A read outside the disk is an error of the image, not of ours. Borrows the
// reader. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ovfkit/disk/disk_reader.h"

namespace imagebuilder {

class DiskPages {
  public:
    static constexpr std::size_t kPageBytes = 64U << 10U;
    static constexpr std::size_t kMostPages = 1024;  // 64 MiB

    explicit DiskPages(const ovfkit::DiskReader& disk, std::size_t most_pages = kMostPages)
        : disk_(disk), most_pages_(most_pages) {}
    DiskPages(const DiskPages&) = delete;
    DiskPages& operator=(const DiskPages&) = delete;

    const std::string& name() const { return disk_.name(); }
    std::uint64_t capacity_bytes() const { return disk_.capacity_bytes(); }
    bool holds(std::uint64_t offset, std::uint64_t bytes) const {
        return offset <= capacity_bytes() && bytes <= capacity_bytes() - offset;
    }
    // Throws invalid_input when the disk ends before.
    void read_at(std::uint64_t offset, std::span<std::byte> buffer) const;
    std::vector<std::byte> read(std::uint64_t offset, std::size_t bytes) const;

  private:
    struct Page {
        std::uint64_t number = 0;
        std::vector<std::byte> bytes;  // the disk's last page is shorter
    };
    const Page& load(std::uint64_t number) const;

    const ovfkit::DiskReader& disk_;
    const std::size_t most_pages_;
    mutable std::list<Page> pages_;  // most recently used first
    mutable std::unordered_map<std::uint64_t, std::list<Page>::iterator> by_number_;
};

}  // namespace imagebuilder
