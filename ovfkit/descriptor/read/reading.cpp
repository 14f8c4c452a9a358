// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/read/reading.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

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

bool is_vendor_element(const xml::Element& element) {
    return std::find(kVendorNamespaces.begin(), kVendorNamespaces.end(), element.namespace_uri) !=
           kVendorNamespaces.end();
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

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
    const std::string_view digits = trimmed(text);
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
    std::string value(trimmed(*text));
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
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
        if (std::find(known.begin(), known.end(), child.local_name) != known.end() ||
            !boolean(child, "required", !is_vendor_element(child))) {
            continue;
        }
        add(Severity::unsupported, child.place, "unknown-element",
            fmt::format("the element '{}' in {} is not understood and not marked "
                        "required=\"false\"",
                        child.local_name, section_name(section)));
    }
}

void Reading::check_info(const xml::Element& section, std::string_view name) {
    if (is_version_09 && name.ends_with("Section") && section.find_child("Info") == nullptr) {
        error(section.place, "missing-info", fmt::format("{} has no Info", name));
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
