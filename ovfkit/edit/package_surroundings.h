// SPDX-License-Identifier: Apache-2.0
// What an editing session asks about files: capacities in the headers of members, images that
// become disks, descriptors of other packages.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "ovfkit/edit/edit_session.h"
#include "ovfkit/package/package_reader.h"

namespace ovfkit::edit {

// Name and text of a package's descriptor; reads no further than that.
std::pair<std::string, std::string> read_descriptor_of(const std::string& location,
                                                       const VerifyPolicy& policy);

// The capacity that the header of a disk's file says: VMDK and qcow2. Nothing for other formats and
// for sources that can be read only once.
std::optional<std::uint64_t> content_capacity_of(const std::string& location,
                                                 const FileReference& file,
                                                 const VerifyPolicy& policy);

// What the manifest says of each member: name to "SHA256:…". Weak digests are left out. Empty
// without a manifest, and for sources that can be read only once.
std::map<std::string, std::string> digests_of(const std::string& location,
                                              const VerifyPolicy& policy);

// `scratch` gets the encoded disks; it stays until the package is written. A dry run encodes
// nothing.
EditSurroundings surroundings_of(const std::string& location, const VerifyPolicy& policy,
                                 const std::filesystem::path& scratch, bool dry_run);

}  // namespace ovfkit::edit
