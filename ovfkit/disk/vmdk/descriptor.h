// SPDX-License-Identifier: Apache-2.0
// The text that a VMDK carries in its first sectors: written for our own disks, read only to refuse
// what is not self-contained. File names in it are never used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ovfkit::vmdk {

// The lines that VMware and VirtualBox want, unindented (VirtualBox cannot parse others).
std::string make_descriptor(std::uint64_t capacity_sectors, std::uint32_t cid,
                            std::string_view extent_name);

// Throws unsupported for a delta disk.
void check_not_delta(std::string_view text, const std::string& name);

// Throws unsupported for a delta disk and for more than one extent; anything else is let through:
// the header has already said that the data are here.
void check_descriptor(std::string_view text, const std::string& name);

}  // namespace ovfkit::vmdk
