// SPDX-License-Identifier: Apache-2.0
// Rules for names of archive members. They come from strangers: they are compared, never joined to
// a path of ours. DSP0243 2.1.1, 5.3; import-security: links, "..", absolute, control characters.
#pragma once

#include <string>
#include <string_view>

namespace ovfkit {

// The name without leading "./"; throws invalid_input for an empty, absolute or control-character
// name and for ".." components ('\' counts as a separator too).
std::string normalized_member_name(std::string_view name, std::string_view archive);
// For duplicates: file systems that ignore case must not see two members as one.
std::string folded_name(std::string_view name);
// Files that macOS puts beside the real ones: "._x", "__MACOSX/…", "PaxHeaders.7/…".
bool is_archiver_litter(std::string_view name);
// "x.ova" in quotes, but "standard input" without: how messages call a source.
std::string quoted_source(std::string_view source_name);
bool has_extension(std::string_view name, std::string_view extension);  // case-insensitive, ".ovf"

}  // namespace ovfkit
