// SPDX-License-Identifier: Apache-2.0
// The writers of the larger sections, and what they share.
#pragma once

#include <string_view>

#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/xml/writer.h"

namespace ovfkit {

// Nothing when the value is empty.
void write_attribute_if(xml::Writer& writer, std::string_view name, std::string_view value);
void write_element_if(xml::Writer& writer, std::string_view name, std::string_view value);

void write_hardware(xml::Writer& writer, const HardwareSection& section,
                    const VirtualSystem& system);
void write_product(xml::Writer& writer, const ProductSection& section);
void write_machine_section(xml::Writer& writer, const MachineSection& section);
void write_assembly_section(xml::Writer& writer, const AssemblySection& section);

}  // namespace ovfkit
