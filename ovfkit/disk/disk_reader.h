// SPDX-License-Identifier: Apache-2.0
// A disk image of the user's own, read at random: raw (holes are skipped) or qcow2 (own reader,
// without a backing file). Nothing is spawned and no file named inside an image is ever opened.
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

namespace ovfkit {

enum class DiskFormat { raw, qcow2 };

std::string_view to_string(DiskFormat format);                      // "raw", "qcow2"
std::optional<DiskFormat> find_disk_format(std::string_view name);  // also "img"

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
    // The first range that begins or continues at or after `offset` and may hold something other
    // than zeros (never before `offset`, never past the capacity); nullopt when the rest is zeros.
    virtual std::optional<DataRange> next_data(std::uint64_t offset) const = 0;
    // Fills the whole buffer; offset + size must not pass the capacity.
    virtual void read_at(std::uint64_t offset, std::span<std::byte> buffer) const = 0;
};

// Without a format the first bytes decide: qcow2 by its magic, VMDK, VDI, VHD and VHDX are refused
// as unsupported with the command that converts them, anything else is raw. With a format only
// that one is accepted; a qcow2 or VMDK that is declared raw is read as the bytes it is.
std::unique_ptr<DiskReader> open_disk(const std::string& path,
                                      std::optional<DiskFormat> format = std::nullopt);

}  // namespace ovfkit
