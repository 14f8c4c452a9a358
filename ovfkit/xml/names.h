// SPDX-License-Identifier: Apache-2.0
// Qualified names of XML and how the field of OVF uses them: shared by the reading tree and the
// editable one, so that both find the same attributes.
#pragma once

#include <string_view>
#include <utility>

namespace ovfkit::xml {

inline constexpr std::string_view kXmlNamespace = "http://www.w3.org/XML/1998/namespace";
inline constexpr std::string_view kSchemaInstanceNamespace =
    "http://www.w3.org/2001/XMLSchema-instance";
// A prefix that nothing binds gets a namespace of its own, "unbound:ovf", which equals none.
inline constexpr std::string_view kUnbound = "unbound:";

// "ovf:File" to "ovf" and "File"; the prefix is empty when there is none.
std::pair<std::string_view, std::string_view> split_name(std::string_view name);

// Of any version; a prefix that nothing binds is taken for OVF's.
bool is_ovf_namespace(std::string_view uri);

// How well an attribute of namespace `uri` fits a search by local name in an element of
// `element_uri`: the field writes both ovf:id and id. 0: it is another vendor's.
int attribute_rank(std::string_view uri, std::string_view element_uri);

std::string_view trimmed(std::string_view text);

}  // namespace ovfkit::xml
