// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/disk_elements.h"

#include <fmt/format.h>

#include "ovfkit/descriptor/units.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit::edit {

std::string disk_member_name(const std::string& member, std::string_view extension,
                             std::set<std::string>& taken) {
    std::string stem = member;
    for (const std::string_view known :
         {".gz", ".vmdk", ".img", ".raw", ".qcow2", ".vhd", ".vhdx", ".vdi"}) {
        if (has_extension(stem, known)) {
            stem.resize(stem.size() - known.size());
        }
    }
    taken.erase(folded_name(member));
    std::string name = stem + std::string(extension);
    for (int i = 2; !taken.insert(folded_name(name)).second; ++i) {
        name = fmt::format("{}-{}{}", stem, i, extension);
    }
    return name;
}

void write_capacity(EditableElement& disk, std::uint64_t bytes) {
    const std::string unit = attribute_of(disk, "capacityAllocationUnits");
    const std::uint64_t factor = unit_factor(unit).value_or(1);
    if (!unit.empty() && (factor == 0 || bytes % factor != 0)) {
        disk.set_attribute("capacityAllocationUnits", "byte");
        disk.set_attribute("capacity", std::to_string(bytes));
        return;
    }
    disk.set_attribute("capacity", std::to_string(bytes / factor));
}

void write_file(EditableElement& file, std::string_view href, std::uint64_t bytes) {
    file.set_attribute("href", href);
    file.set_attribute("size", std::to_string(bytes));
    file.remove_attribute("compression");
    file.remove_attribute("chunkSize");
}

}  // namespace ovfkit::edit
