// SPDX-License-Identifier: Apache-2.0
// What the readers of the single sections share: the list of findings, values of attributes and
// elements with their checks, and the names of sections in every version of OVF.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "ovfkit/descriptor/diagnostic.h"
#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/xml/document.h"

namespace ovfkit {

inline constexpr std::string_view kVmwareNamespace09 =
    "http://www.vmware.com/schema/ovf/1/envelope";

class Reading {
  public:
    void add(Severity severity, Place place, std::string code, std::string text);
    void error(Place place, std::string code, std::string text) {
        add(Severity::error, place, std::move(code), std::move(text));
    }
    void warning(Place place, std::string code, std::string text) {
        add(Severity::warning, place, std::move(code), std::move(text));
    }

    // The attribute's text; an error and "" when it is missing. `what`: "a File".
    std::string require(const xml::Element& element, std::string_view attribute,
                        std::string_view what);
    // Not there: nothing. No number: an error and nothing.
    std::optional<std::uint64_t> number(const xml::Element& element, std::string_view attribute);
    std::optional<std::uint64_t> number_text(Place place, std::string_view text,
                                             std::string_view what);
    bool boolean(const xml::Element& element, std::string_view attribute, bool fallback);
    // Reports every child that is not in `known`: unsupported unless it says required="false".
    void check_children(const xml::Element& section, std::initializer_list<std::string_view> known);
    // OVF 0.9 demands an Info in every section; later files leave it out and mean no harm.
    void check_info(const xml::Element& section, std::string_view name);
    // A section that is not modelled, kept by name, judged by its ovf:required.
    UnknownSection unknown_section(const xml::Element& section, std::string_view name,
                                   std::string_view owner);

    Diagnostics diagnostics;
    bool is_version_09 = false;
};

// "DiskSection", "VirtualSystem": the local name, or the type's name in OVF 0.9, where a section is
// <Section xsi:type="ovf:DiskSection_Type">.
std::string section_name(const xml::Element& element);
std::string child_text(const xml::Element& element, std::string_view local);
// Words between white space.
std::vector<std::string> words_of(std::string_view text);

// The readers of sections, one file each.
void read_references(Reading& reading, const xml::Element& element, Envelope& envelope);
void read_disks(Reading& reading, const xml::Element& element, Envelope& envelope);
void read_networks(Reading& reading, const xml::Element& element, Envelope& envelope);
void read_configurations(Reading& reading, const xml::Element& element, Envelope& envelope);
HardwareSection read_hardware(Reading& reading, const xml::Element& element);
ProductSection read_product(Reading& reading, const xml::Element& element);
MachineSection read_machine_section(Reading& reading, const xml::Element& element);
AssemblySection read_assembly_section(Reading& reading, const xml::Element& element);
Content read_content(Reading& reading, const xml::Element& element, const std::string& kind);

}  // namespace ovfkit
