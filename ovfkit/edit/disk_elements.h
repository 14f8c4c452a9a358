// SPDX-License-Identifier: Apache-2.0
// What a descriptor says of a disk whose content becomes another file.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "ovfkit/edit/descriptor_document.h"

namespace ovfkit::edit {

// "disk.vmdk" for "disk.img.gz", as a name that nobody has: `taken` holds folded names and gets
// the new one. The old name is free.
std::string disk_member_name(const std::string& member, std::string_view extension,
                             std::set<std::string>& taken);

// In the unit that the Disk has, or in bytes when that is too coarse.
void write_capacity(EditableElement& disk, std::uint64_t bytes);

// The File becomes that one: what it was compressed or cut with goes.
void write_file(EditableElement& file, std::string_view href, std::uint64_t bytes);

}  // namespace ovfkit::edit
