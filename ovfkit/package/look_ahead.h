// SPDX-License-Identifier: Apache-2.0
// A first look at a package that is a regular file: the small texts that say what the rest must be.
// Reads with pread and leaves the file's offset alone. What it returns is compared with the bytes
// of the one real pass later, so a file that changes in between is noticed.
#pragma once

#include <optional>
#include <string>

#include "base/stream.h"
#include "ovfkit/package/package_reader.h"

namespace ovfkit {

struct PackageText {
    std::string name;
    std::string text;
};

struct LookAhead {
    std::optional<PackageText> descriptor;
    std::optional<PackageText> manifest;
    std::optional<PackageText> certificate;
    std::string folder;  // "shop/" when the descriptor lies in one; names above are without it
};

// "shop/" of "shop/shop.ovf": the package is what lies in the folder of its descriptor.
std::string folder_of(std::string_view name);
// The name without the folder; unchanged when it lies elsewhere.
std::string without_folder(std::string_view name, std::string_view folder);

// The first member of each kind. Everything is absent for a stream; a damaged archive ends the look
// early, without an error: the real pass will meet the same place and say so.
LookAhead look_ahead(const base::ByteSource& source, const VerifyPolicy& policy);

// The whole current member as text; throws invalid_input when it is larger than `limit`.
std::string read_text_member(TarReader& reader, const TarMember& member, std::uint64_t limit,
                             std::string_view archive);

// By the name alone, top-level members only for the last two.
bool is_descriptor_name(std::string_view name);
bool is_manifest_name(std::string_view name);
bool is_certificate_name(std::string_view name);

}  // namespace ovfkit
