// SPDX-License-Identifier: Apache-2.0
// Who refers to whom in a descriptor: files, disks, networks and machines by their ids. For
// renaming without breaking a reference and for removing what nobody needs any more.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/edit/descriptor_document.h"

namespace ovfkit::edit {

// What is referred to, by id (networks by name).
struct Uses {
    std::set<std::string> files;
    std::set<std::string> disks;
    std::set<std::string> networks;
};
Uses uses_of(const DescriptorDocument& document);

// Hardware items with a HostResource "ovf:/disk/ID" (or "ovf:/file/ID").
std::vector<EditableElement*> items_of_resource(const DescriptorDocument& document, bool is_disk,
                                                std::string_view id);
std::vector<EditableElement*> items_on_network(const DescriptorDocument& document,
                                               std::string_view name);
// The id of the virtual system that the element stands in; empty: outside of all.
std::string system_around(const EditableElement& element);

// The thing itself and every reference to it.
void rename_file_id(DescriptorDocument& document, const std::string& from, const std::string& to);
void rename_disk_id(DescriptorDocument& document, const std::string& from, const std::string& to);
void rename_system_id(DescriptorDocument& document, const std::string& from, const std::string& to);
void rename_network(DescriptorDocument& document, const std::string& from, const std::string& to);

// Machines that fill in a property from this one ("${db.ip.back}").
std::vector<std::string> systems_filled_in_from(const DescriptorDocument& document,
                                                std::string_view id);

// The descriptor with every file in chunks of this size.
std::string with_chunk_size(const std::string& text, const std::string& name,
                            std::uint64_t chunk_bytes);

struct Pruned {
    std::vector<std::string> disks;
    std::vector<std::string> members;  // hrefs of the files that went
    std::vector<std::string> networks;
};
// Removes what was used `before` and is not used any more.
Pruned prune(DescriptorDocument& document, const Uses& before, bool with_networks);

}  // namespace ovfkit::edit
