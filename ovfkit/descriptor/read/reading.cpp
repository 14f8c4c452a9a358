// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/read/reading.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/letter_case.h"
#include "ovfkit/xml/names.h"

namespace ovfkit {

namespace {

constexpr std::string_view kSchemaInstance = "http://www.w3.org/2001/XMLSchema-instance";
constexpr std::size_t kMaxDiagnostics = 1000;

// Sections of the standard that an import can leave out and say so.
constexpr std::array<std::string_view, 8> kKnownButUnused{
    "InstallSection",  "ResourceAllocationSection", "EnvironmentFilesSection", "BootDeviceSection",
    "ScaleOutSection", "PlacementGroupSection",     "PlacementSection",        "SharedDiskSection"};

// What these vendors add is about their own products; they rarely mark it as optional.
constexpr std::array<std::string_view, 2> kVendorNamespaces{
    "http://www.vmware.com/schema/ovf", "http://www.virtualbox.org/ovf/machine"};

}  // namespace

void Reading::add(Severity severity, Place place, std::string code, std::string text) {
    if (diagnostics.size() < kMaxDiagnostics) {
        diagnostics.push_back({severity, place, std::move(code), std::move(text)});
    }
}

std::string Reading::require(const xml::Element& element, std::string_view attribute,
                             std::string_view what) {
    const auto value = element.find_attribute(attribute);
    if (!value || value->empty()) {
        error(element.place, "missing-attribute",
              fmt::format("{} has no attribute '{}'", what, attribute));
        return "";
    }
    return std::string(*value);
}

std::optional<std::uint64_t> Reading::number_text(Place place, std::string_view text,
                                                  std::string_view what) {
    const std::string_view digits = xml::trimmed(text);
    std::uint64_t value = 0;
    const auto [end, error_code] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error_code != std::errc{} || end != digits.data() + digits.size()) {
        error(place, "bad-number", fmt::format("{} is not a number: '{}'", what, digits));
        return std::nullopt;
    }
    return value;
}

std::optional<std::uint64_t> Reading::number(const xml::Element& element,
                                             std::string_view attribute) {
    const auto text = element.find_attribute(attribute);
    if (!text) {
        return std::nullopt;
    }
    return number_text(element.place, *text,
                       fmt::format("the attribute '{}' of {}", attribute, element.local_name));
}

bool Reading::boolean(const xml::Element& element, std::string_view attribute, bool fallback) {
    const auto text = element.find_attribute(attribute);
    if (!text || text->empty()) {
        return fallback;
    }
    const std::string value = base::to_lower(xml::trimmed(*text));
    if (value == "true" || value == "1") {
        return true;
    }
    if (value != "false" && value != "0") {
        error(element.place, "bad-boolean",
              fmt::format("the attribute '{}' of {} is neither true nor false: '{}'", attribute,
                          element.local_name, *text));
    }
    return false;
}

void Reading::check_children(const xml::Element& section,
                             std::initializer_list<std::string_view> known) {
    for (const xml::Element& child : section.children) {
        if (std::find(known.begin(), known.end(), child.local_name) == known.end()) {
            check_unknown_child(section, child);
        }
    }
}

void Reading::check_unknown_child(const xml::Element& section, const xml::Element& child) {
    if (boolean(child, "required", !is_vendor_element(child))) {
        add(Severity::unsupported, child.place, "unknown-element",
            fmt::format("the element '{}' in {} is not understood and not marked "
                        "required=\"false\"",
                        child.local_name, section_name(section)));
    }
}

void Reading::check_info(const xml::Element& section, std::string_view name) {
    const bool needs_one = name.ends_with("Section") || name.starts_with("VirtualSystem");
    if (is_version_09 && needs_one && section.find_child("Info") == nullptr) {
        error(section.place, "missing-info", fmt::format("{} has no Info", name));
    }
}

void Reading::check_once(const xml::Element& owner,
                         std::initializer_list<std::string_view> sections) {
    for (const std::string_view name : sections) {
        bool seen = false;
        for (const xml::Element& child : owner.children) {
            if (section_name(child) != name) {
                continue;
            }
            if (seen) {
                error(child.place, "duplicate-section", fmt::format("there is a second {}", name));
            }
            seen = true;
        }
    }
}

UnknownSection Reading::unknown_section(const xml::Element& section, std::string_view name,
                                        std::string_view owner) {
    const bool standard =
        std::find(kKnownButUnused.begin(), kKnownButUnused.end(), name) != kKnownButUnused.end();
    UnknownSection unknown;
    unknown.place = section.place;
    unknown.name = name;
    unknown.namespace_uri = section.namespace_uri;
    unknown.element = section;
    unknown.required = boolean(section, "required", !standard && !is_vendor_element(section));
    if (unknown.required) {
        add(Severity::unsupported, section.place, "unknown-section",
            fmt::format("the section '{}' of {} is required and not understood", name, owner));
    } else {
        add(Severity::note, section.place, "section-not-honoured",
            fmt::format("the section '{}' of {} is not honoured", name, owner));
    }
    return unknown;
}

std::string section_name(const xml::Element& element) {
    if (element.local_name != "Section" && element.local_name != "Content") {
        return element.local_name;
    }
    std::string_view type = element.find_attribute(kSchemaInstance, "type").value_or("");
    if (const std::size_t colon = type.find(':'); colon != std::string_view::npos) {
        type.remove_prefix(colon + 1);
    }
    if (type.ends_with("_Type")) {
        type.remove_suffix(5);
    }
    return type.empty() ? element.local_name : std::string(type);
}

std::string child_text(const xml::Element& element, std::string_view local) {
    const xml::Element* child = element.find_child(local);
    return child == nullptr ? std::string() : std::string(child->trimmed_text());
}

std::string message_text(const xml::Element& element, std::string_view local, MessageIds& ids) {
    const xml::Element* child = element.find_child(local);
    if (child == nullptr) {
        return "";
    }
    if (const auto id = child->find_attribute("msgid"); id && !id->empty()) {
        ids.emplace(local, *id);
    }
    return std::string(child->trimmed_text());
}

bool is_vendor_element(const xml::Element& element) {
    return std::find(kVendorNamespaces.begin(), kVendorNamespaces.end(), element.namespace_uri) !=
           kVendorNamespaces.end();
}

std::uint32_t clamped(const std::optional<std::uint64_t>& value, std::uint32_t limit) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(value.value_or(0), limit));
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (true) {
        const std::size_t begin = text.find_first_not_of(" \t\r\n");
        if (begin == std::string_view::npos) {
            return words;
        }
        text.remove_prefix(begin);
        const std::size_t length = std::min(text.find_first_of(" \t\r\n"), text.size());
        words.emplace_back(text.substr(0, length));
        text.remove_prefix(length);
    }
}

}  // namespace ovfkit
