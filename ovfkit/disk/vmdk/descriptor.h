// SPDX-License-Identifier: Apache-2.0
// The text that a VMDK carries in its first sectors: written for our own disks, read only to refuse
// what is not self-contained. File names in it are never used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ovfkit::vmdk {

inline constexpr std::uint32_t kNoParent = 0xffffffff;

struct ContentIds {
    std::uint32_t cid = 0;
    std::uint32_t parent_cid = kNoParent;
};

// The lines that VMware and VirtualBox want, unindented (VirtualBox cannot parse others).
std::string make_descriptor(std::uint64_t capacity_sectors, const ContentIds& ids,
                            std::string_view extent_name);

// Throws unsupported for a delta disk.
void check_not_delta(std::string_view text, const std::string& name);

// Throws unsupported for more than one extent, and for a delta disk unless it is expected to be
// one; anything else is let through: the header has already said that the data are here.
void check_descriptor(std::string_view text, const std::string& name, bool delta_expected);

}  // namespace ovfkit::vmdk
