// SPDX-License-Identifier: Apache-2.0
// The header of a qcow2 image, versions 2 and 3 (QEMU docs/interop/qcow2.txt). Everything in it is
// checked against the size of the file before anyone acts on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ovfkit {

enum class Qcow2Compression { deflate, zstd };

struct Qcow2Header {
    std::uint32_t version = 0;
    unsigned cluster_bits = 0;
    std::uint64_t size_bytes = 0;
    std::uint64_t l1_offset = 0;
    std::uint64_t l1_entries = 0;  // as many as the size needs
    Qcow2Compression compression = Qcow2Compression::deflate;

    std::uint64_t cluster_bytes() const { return std::uint64_t{1} << cluster_bits; }
    std::uint64_t entries_per_l2() const { return cluster_bytes() / 8; }
};

inline constexpr std::size_t kQcow2HeaderBytes = 112;

// `bytes` is the beginning of the file, up to kQcow2HeaderBytes. Throws invalid_input on a damaged
// header and unsupported on a backing file (unless the caller has it: `is_clone`), external data
// file, encryption and unknown features.
Qcow2Header parse_qcow2_header(std::span<const std::byte> bytes, std::uint64_t file_size,
                               const std::string& name, bool is_clone = false);

}  // namespace ovfkit
