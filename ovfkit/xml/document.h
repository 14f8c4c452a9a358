// SPDX-License-Identifier: Apache-2.0
// The one door to XML text: untrusted text in, a tree of plain values out. No DTD (a DOCTYPE is an
// error), no entities but the five of XML, limits on size, depth, elements and attributes, so that
// parsing takes time and memory in proportion to the text. Names are resolved to namespaces;
// prefixes do not survive. Every element knows its line and column.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/xml/place.h"

namespace ovfkit::xml {

constexpr std::uint64_t kMaxBytes = 16U << 20U;
constexpr int kMaxDepth = 64;
constexpr int kMaxAttributes = 128;  // of one element
constexpr int kMaxElements = 200'000;
// Every name carries its namespace: a long one that many names use must not fill the memory.
constexpr std::uint64_t kMaxNamespaceBytes = 64U << 20U;

struct Attribute {
    std::string namespace_uri;  // empty: written without a prefix
    std::string local_name;
    std::string value;

    bool operator==(const Attribute&) const = default;
};

struct Element {
    Place place;
    std::string namespace_uri;
    std::string local_name;
    std::vector<Attribute> attributes;
    std::vector<Element> children;
    std::string text;  // all character data directly inside, joined

    // By local name, in the element's own namespace, without a prefix, or in one of OVF, in that
    // order: the field writes both ovf:id and id. Never in another vendor's.
    std::optional<std::string_view> find_attribute(std::string_view local) const;
    std::optional<std::string_view> find_attribute(std::string_view uri,
                                                   std::string_view local) const;
    // The first child of that local name, nullptr when there is none.
    const Element* find_child(std::string_view local) const;
    // Text without white space at both ends.
    std::string_view trimmed_text() const;

    // White space around the text and between the children is no difference.
    bool operator==(const Element& other) const;
};

// UTF-8, UTF-16 with a byte order mark, or ISO-8859-1 when the declaration says so; bytes 0 after
// the end are dropped. Throws invalid_input as "name:line:column: …".
Element parse_document(std::string_view text, const std::string& name);

}  // namespace ovfkit::xml
