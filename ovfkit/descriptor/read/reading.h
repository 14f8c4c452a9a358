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
    void check_unknown_child(const xml::Element& section, const xml::Element& child);
    // OVF 0.9 demands an Info in every section and system; later files leave it out and mean no
    // harm.
    void check_info(const xml::Element& section, std::string_view name);
    // Sections that may stand once in their owner: the second one is an error.
    void check_once(const xml::Element& owner, std::initializer_list<std::string_view> sections);
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
// The same, noting the ovf:msgid of the child.
std::string message_text(const xml::Element& element, std::string_view local, MessageIds& ids);
// Of VMware's or VirtualBox's own namespaces, of which not all has to be understood.
bool is_vendor_element(const xml::Element& element);
// min(value, limit), and 0 when there is none: for numbers whose excess means no harm.
std::uint32_t clamped(const std::optional<std::uint64_t>& value, std::uint32_t limit = 0xFFFF);
// Words between white space.
std::vector<std::string> words_of(std::string_view text);

// The readers of sections, one file each.
void read_references(Reading& reading, const xml::Element& element, Envelope& envelope);
void read_disks(Reading& reading, const xml::Element& element, Envelope& envelope);
void read_networks(Reading& reading, const xml::Element& element, Envelope& envelope);
void read_configurations(Reading& reading, const xml::Element& element, Envelope& envelope);
void read_shared_disks(Reading& reading, const xml::Element& element, Envelope& envelope);
MessageBundle read_bundle(Reading& reading, const xml::Element& element);
void read_placement_group(Reading& reading, const xml::Element& element, Envelope& envelope);
void read_encryption(Reading& reading, const xml::Element& element, Envelope& envelope);
InstallSection read_install(Reading& reading, const xml::Element& element);
std::vector<BootConfiguration> read_boot_devices(Reading& reading, const xml::Element& element);
std::vector<EnvironmentFile> read_environment_files(Reading& reading, const xml::Element& element);
ScaleOut read_scale_out(Reading& reading, const xml::Element& element);
Placement read_placement(Reading& reading, const xml::Element& element);
ResourceAllocation read_resource_allocation(Reading& reading, const xml::Element& element);
HardwareSection read_hardware(Reading& reading, const xml::Element& element);
HardwareItem read_item(Reading& reading, const xml::Element& element);
ProductSection read_product(Reading& reading, const xml::Element& element);
MachineSection read_machine_section(Reading& reading, const xml::Element& element);
AssemblySection read_assembly_section(Reading& reading, const xml::Element& element);
Content read_content(Reading& reading, const xml::Element& element, const std::string& kind);

}  // namespace ovfkit
