// SPDX-License-Identifier: Apache-2.0
// The writers of the sections, and what they share: the XML text, the version of OVF that is
// written, and the prefixes of the namespaces that occur. Writing is done twice: the first time to
// find out which namespaces the root element has to bind.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/descriptor/write_envelope.h"
#include "ovfkit/xml/writer.h"

namespace ovfkit {

inline constexpr std::string_view kVmwareSchema = "http://www.vmware.com/schema/ovf";
inline constexpr std::string_view kVirtualboxSchema = "http://www.virtualbox.org/ovf/machine";

// From namespace to prefix.
using Prefixes = std::map<std::string, std::string, std::less<>>;

class Writing {
  public:
    // `version` is one of those of WriteOptions.
    Writing(std::string version, bool unknown_sections, Prefixes prefixes);

    // In OVF 0.9 <Section xsi:type="ovf:NAME_Type">, else <NAME>. Also for the content.
    void open_section(std::string_view name, std::string_view kind = "Section");
    void attribute_if(std::string_view name, std::string_view value);  // not when empty
    void element_if(std::string_view name, std::string_view value);    // not when empty
    // A text with its ovf:msgid; `if` leaves out one without text and id.
    void message(std::string_view name, const std::string& text, const MessageIds& ids);
    void message_if(std::string_view name, const std::string& text, const MessageIds& ids);
    // An element that is not modelled, as it was read.
    void tree(const xml::Element& element);
    // "vmw:" for VMware's namespace; remembers that it is used.
    std::string prefix(std::string_view uri);

    bool is_09() const { return version == "0.9"; }
    bool is_2() const { return version.starts_with("2."); }

    xml::Writer xml;
    const std::string version;
    const bool unknown_sections;
    Prefixes prefixes;

  private:
    void tree_in(const xml::Element& element, bool parent_is_plain);
};

// The namespace of the envelope in a version.
std::string_view envelope_namespace(const Writing& writing);

void write_content(Writing& writing, const Content& content);
void write_hardware(Writing& writing, const HardwareSection& section);
void write_item(Writing& writing, const HardwareItem& item);
void write_product(Writing& writing, const ProductSection& section);
void write_machine_section(xml::Writer& writer, const MachineSection& section);
void write_assembly_section(xml::Writer& writer, const AssemblySection& section);

// Sections of sections.h; each writes nothing when there is nothing, or when the version has none.
void write_install(Writing& writing, const VirtualSystem& system);
void write_boot_devices(Writing& writing, const VirtualSystem& system);
void write_environment_files(Writing& writing, const VirtualSystem& system);
void write_placement(Writing& writing, const std::optional<Placement>& placement);
void write_resource_allocation(Writing& writing, const VirtualSystemCollection& collection);
void write_scale_outs(Writing& writing, const VirtualSystemCollection& collection);
void write_placement_groups(Writing& writing, const Envelope& envelope);
void write_encryption(Writing& writing, const Envelope& envelope);
void write_strings(Writing& writing, const Envelope& envelope);
void write_unknown(Writing& writing, const std::vector<UnknownSection>& sections);

}  // namespace ovfkit
