// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/write/writing.h"
#include "ovfkit/xml/names.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace ovfkit {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kUsualPrefixes{{
    {kVmwareSchema, "vmw"},
    {kVirtualboxSchema, "vbox"},
    {"http://www.w3.org/2001/04/xmlenc#", "xenc"},
    {"http://www.w3.org/2000/09/xmldsig#", "ds"},
}};

bool is_envelope_namespace(std::string_view uri) {
    return uri.starts_with("http://schemas.dmtf.org/ovf/") ||
           uri.starts_with("http://www.vmware.com/schema/ovf/1/");
}

}  // namespace

Writing::Writing(std::string version_text, bool with_unknown_sections, Prefixes known)
    : version(std::move(version_text)),
      unknown_sections(with_unknown_sections),
      prefixes(std::move(known)) {
}

void Writing::open_section(std::string_view name, std::string_view kind) {
    if (is_09()) {
        xml.open(kind);
        xml.attribute("xsi:type", fmt::format("ovf:{}_Type", name));
    } else {
        xml.open(name);
    }
}

void Writing::attribute_if(std::string_view name, std::string_view value) {
    if (!value.empty()) {
        xml.attribute(name, value);
    }
}

void Writing::element_if(std::string_view name, std::string_view value) {
    if (!value.empty()) {
        xml.element(name, value);
    }
}

void Writing::message(std::string_view name, const std::string& text, const MessageIds& ids) {
    xml.open(name);
    if (const auto id = ids.find(std::string(name)); id != ids.end()) {
        xml.attribute("ovf:msgid", id->second);
    }
    if (!text.empty()) {
        xml.text(text);
    }
    xml.close();
}

void Writing::message_if(std::string_view name, const std::string& text, const MessageIds& ids) {
    if (!text.empty() || ids.contains(std::string(name))) {
        message(name, text, ids);
    }
}

std::string Writing::prefix(std::string_view uri) {
    if (is_envelope_namespace(uri)) {
        return "ovf:";
    }
    if (uri == xml::kXmlNamespace) {
        return "xml:";
    }
    auto known = prefixes.find(uri);
    if (known == prefixes.end()) {
        std::string name = fmt::format("ns{}", prefixes.size() + 1);
        for (const auto& [usual_uri, usual] : kUsualPrefixes) {
            name = usual_uri == uri ? std::string(usual) : name;
        }
        known = prefixes.emplace(uri, name).first;
    }
    return known->second + ":";
}

void Writing::tree(const xml::Element& element) {
    tree_in(element, false);
}

// Recursion is as deep as the document was that the element comes from.
void Writing::tree_in(const xml::Element& element, bool parent_is_plain) {
    const bool plain = element.namespace_uri.empty();
    xml.open(plain ? element.local_name : prefix(element.namespace_uri) + element.local_name);
    if (plain && !parent_is_plain) {
        xml.attribute("xmlns", "");
    }
    for (const xml::Attribute& attribute : element.attributes) {
        const std::string before =
            attribute.namespace_uri.empty() ? "" : prefix(attribute.namespace_uri);
        xml.attribute(before + attribute.local_name, attribute.value);
    }
    const std::string_view text =
        element.children.empty() ? std::string_view(element.text) : element.trimmed_text();
    if (!element.trimmed_text().empty()) {
        xml.text(text);
    }
    for (const xml::Element& child : element.children) {
        tree_in(child, plain);
    }
    xml.close();
}

}  // namespace ovfkit
