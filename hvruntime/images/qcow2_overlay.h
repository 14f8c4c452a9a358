// SPDX-License-Identifier: Apache-2.0
// Makes thin clones: a qcow2 (version 3, 64 KiB clusters) that holds nothing yet and reads through
// to a raw base. Written natively, so a clone takes a millisecond and no other program.
#pragma once

#include <cstdint>
#include <filesystem>

namespace hvruntime {

struct OverlayOptions {
    std::filesystem::path base;        // absolute; a raw file. Empty: a blank disk
    std::uint64_t capacity_bytes = 0;  // 0: the size of the base; never smaller than it
};

// The new file has mode 0600; an existing one is a conflict. Returns the capacity.
std::uint64_t create_overlay(const std::filesystem::path& path, const OverlayOptions& options);

}  // namespace hvruntime
