// SPDX-License-Identifier: Apache-2.0
// The sections of sections.h, the Strings, and what is kept without being understood.
#include "ovfkit/descriptor/write/writing.h"

namespace ovfkit {

namespace {

// The schemas of CIM demand the two names and the alphabet.
void write_boot_source(xml::Writer& xml, const BootSource& source) {
    xml.open("boots:CIM_BootSourceSetting");
    if (!source.caption.empty()) {
        xml.element("boots:Caption", source.caption);
    }
    xml.element("boots:ElementName", source.caption);
    xml.element("boots:InstanceID", source.instance_id);
    if (!source.boot_string.empty()) {
        xml.element("boots:StructuredBootString", source.boot_string);
    }
    xml.close();
}

}  // namespace

void write_install(Writing& writing, const VirtualSystem& system) {
    if (!system.install) {
        return;
    }
    writing.open_section("InstallSection");
    if (!system.install->initial_boot) {
        writing.xml.flag("ovf:initialBoot", false);
    }
    writing.xml.attribute("ovf:initialBootStopDelay",
                          std::uint64_t{system.install->stop_delay_seconds});
    writing.xml.element("Info", system.install->info);
    writing.xml.close();
}

void write_boot_devices(Writing& writing, const VirtualSystem& system) {
    if (system.boot_configurations.empty() || !writing.is_2()) {
        return;
    }
    xml::Writer& xml = writing.xml;
    xml.open("BootDeviceSection");
    xml.element("Info", "The devices to boot from, in their order");
    for (const BootConfiguration& one : system.boot_configurations) {
        xml.open("bootc:CIM_BootConfigSetting");
        writing.element_if("bootc:Caption", one.caption);
        writing.element_if("bootc:Description", one.description);
        xml.element("bootc:ElementName", one.caption);
        xml.element("bootc:InstanceID", "1");
        for (const BootSource& source : one.sources) {
            write_boot_source(xml, source);
        }
        xml.close();
    }
    xml.close();
}

void write_environment_files(Writing& writing, const VirtualSystem& system) {
    if (system.environment_files.empty() || !writing.is_2()) {
        return;
    }
    writing.xml.open("EnvironmentFilesSection");
    writing.attribute_if("ovf:transport", system.environment_files_transport);
    writing.xml.element("Info", "Files for the guest's environment");
    for (const EnvironmentFile& file : system.environment_files) {
        writing.xml.open("File");
        writing.xml.attribute("ovf:fileRef", file.file_ref);
        writing.attribute_if("ovf:path", file.path);
        writing.xml.close();
    }
    writing.xml.close();
}

void write_placement(Writing& writing, const std::optional<Placement>& placement) {
    if (!placement || !writing.is_2()) {
        return;
    }
    writing.xml.open("PlacementSection");
    writing.attribute_if("ovf:group", placement->group);
    writing.attribute_if("ovf:policy", placement->policy);
    writing.xml.element("Info", "Where it is placed");
    writing.xml.close();
}

void write_resource_allocation(Writing& writing, const VirtualSystemCollection& collection) {
    if (!collection.resource_allocation) {
        return;
    }
    writing.open_section("ResourceAllocationSection");
    writing.xml.element("Info", collection.resource_allocation->info);
    for (const HardwareItem& item : collection.resource_allocation->items) {
        write_item(writing, item);
    }
    writing.xml.close();
}

void write_scale_outs(Writing& writing, const VirtualSystemCollection& collection) {
    for (const ScaleOut& one : collection.scale_outs) {
        if (!writing.is_2()) {
            return;
        }
        xml::Writer& xml = writing.xml;
        xml.open("ScaleOutSection");
        xml.attribute("ovf:id", one.id);
        writing.message("Info", one.info, one.message_ids);
        writing.message_if("Description", one.description, one.message_ids);
        xml.open("InstanceCount");
        xml.attribute("ovf:default", std::uint64_t{one.initial});
        xml.attribute("ovf:minimum", std::uint64_t{one.minimum});
        if (one.maximum) {
            xml.attribute("ovf:maximum", std::uint64_t{*one.maximum});
        }
        xml.close();
        xml.close();
    }
}

void write_placement_groups(Writing& writing, const Envelope& envelope) {
    for (const PlacementGroup& group : envelope.placement_groups) {
        if (!writing.is_2()) {
            return;
        }
        writing.xml.open("PlacementGroupSection");
        writing.xml.attribute("ovf:id", group.id);
        writing.attribute_if("ovf:policy", group.policy);
        writing.message("Info", group.info, group.message_ids);
        writing.message_if("Description", group.description, group.message_ids);
        writing.xml.close();
    }
}

void write_encryption(Writing& writing, const Envelope& envelope) {
    for (const EncryptionSection& section : envelope.encryption) {
        if (writing.is_2()) {
            writing.tree(section.element);
        }
    }
}

void write_strings(Writing& writing, const Envelope& envelope) {
    for (const MessageBundle& bundle : envelope.message_bundles) {
        writing.xml.open("Strings");
        writing.attribute_if("xml:lang", bundle.language);
        writing.attribute_if("ovf:fileRef", bundle.file_ref);
        for (const Message& message : bundle.messages) {
            if (!bundle.file_ref.empty()) {
                break;  // they are in that file
            }
            writing.xml.open("Msg");
            writing.xml.attribute("ovf:msgid", message.id);
            writing.xml.text(message.text);
            writing.xml.close();
        }
        writing.xml.close();
    }
}

void write_unknown(Writing& writing, const std::vector<UnknownSection>& sections) {
    for (const UnknownSection& section : sections) {
        // One made by hand has a name and nothing else.
        if (writing.unknown_sections && !section.element.local_name.empty()) {
            writing.tree(section.element);
        }
    }
}

}  // namespace ovfkit
