// SPDX-License-Identifier: Apache-2.0
// A disk image of the user's own, read at random: raw (holes are skipped), qcow2 (without a backing
// file), VMDK, VDI, VHD and VHDX, all by our own readers. Nothing is spawned. The only files named
// inside an image that are opened are the extents of a VMDK in parts, in its own folder.
// The object owns its descriptor; all const members may be called from several threads at once.
// Not for members of an OVA: those are streams, see member_sink.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace ovfkit {

enum class DiskFormat { raw, qcow2, vmdk, vdi, vpc, vhdx };  // vpc: VHD, as qemu-img calls it

std::string_view to_string(DiskFormat format);                      // "raw", "qcow2", …
std::optional<DiskFormat> find_disk_format(std::string_view name);  // also "img", "vhd"

// By the mark in the first 512 bytes; raw and a fixed VHD have none there.
std::optional<DiskFormat> find_marked_format(std::string_view head);

struct DataRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

class DiskReader {
  public:
    virtual ~DiskReader() = default;
    virtual DiskFormat format() const = 0;
    virtual const std::string& name() const = 0;       // the path, for messages
    virtual std::uint64_t capacity_bytes() const = 0;  // a multiple of 512
    // What it reads from, by pread(2) alone: for a locked-down process that may keep nothing else.
    virtual std::vector<int> descriptors() const = 0;
    // The first range that begins or continues at or after `offset` and may hold something other
    // than zeros (never before `offset`, never past the capacity); nullopt when the rest is zeros.
    virtual std::optional<DataRange> next_data(std::uint64_t offset) const = 0;
    // Fills the whole buffer; offset + size must not pass the capacity.
    virtual void read_at(std::uint64_t offset, std::span<std::byte> buffer) const = 0;
};

// Without a format the first bytes decide (of a fixed VHD the last): what has a magic is that
// format, LUKS is refused as unsupported, anything else is raw. With a format only that one is
// accepted; a qcow2 or VMDK that is declared raw is read as the bytes it is.
std::unique_ptr<DiskReader> open_disk(const std::string& path,
                                      std::optional<DiskFormat> format = std::nullopt);

// A qcow2 that reads through to `below` where it holds nothing itself. The name of a backing file
// that stands in it is not looked at: who has the two knows that they belong together.
std::unique_ptr<DiskReader> open_clone(const std::string& path, std::unique_ptr<DiskReader> below);

// What came out of a package, in a file that only we hold: nothing is guessed, and a VMDK in parts
// is refused.
std::unique_ptr<DiskReader> open_foreign_disk(base::UniqueFd fd, const std::string& name,
                                              DiskFormat format);

}  // namespace ovfkit
