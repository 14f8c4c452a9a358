// SPDX-License-Identifier: Apache-2.0
// The order of elements everywhere here is the order of DSP8023 1.1.
#include "ovfkit/descriptor/write_envelope.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/write/writing.h"

namespace ovfkit {

namespace {

void write_references(xml::Writer& writer, const Envelope& envelope) {
    writer.open("References");
    for (const FileReference& file : envelope.files) {
        writer.open("File");
        writer.attribute("ovf:id", file.id);
        writer.attribute("ovf:href", file.href);
        if (file.size) {
            writer.attribute("ovf:size", *file.size);
        }
        write_attribute_if(writer, "ovf:compression", file.compression);
        if (file.chunk_size) {
            writer.attribute("ovf:chunkSize", *file.chunk_size);
        }
        writer.close();
    }
    writer.close();
}

void write_disk(xml::Writer& writer, const Disk& disk) {
    writer.open("Disk");
    writer.attribute("ovf:diskId", disk.id);
    write_attribute_if(writer, "ovf:fileRef", disk.file_ref);
    if (disk.capacity_property.empty()) {
        writer.attribute("ovf:capacity", disk.capacity_bytes);
    } else {
        writer.attribute("ovf:capacity", "${" + disk.capacity_property + "}");
        writer.attribute("ovf:capacityAllocationUnits",
                         fmt::format("byte * {}", disk.capacity_unit_bytes));
    }
    write_attribute_if(writer, "ovf:format", disk.format);
    if (disk.populated_bytes) {
        writer.attribute("ovf:populatedSize", *disk.populated_bytes);
    }
    write_attribute_if(writer, "ovf:parentRef", disk.parent_ref);
    writer.close();
}

void write_disks(xml::Writer& writer, const Envelope& envelope) {
    if (envelope.disks.empty()) {
        return;
    }
    writer.open("DiskSection");
    writer.element("Info", "The virtual disks");
    for (const Disk& disk : envelope.disks) {
        write_disk(writer, disk);
    }
    writer.close();
}

void write_networks(xml::Writer& writer, const Envelope& envelope) {
    if (envelope.networks.empty()) {
        return;
    }
    writer.open("NetworkSection");
    writer.element("Info", "The networks");
    for (const Network& network : envelope.networks) {
        writer.open("Network");
        writer.attribute("ovf:name", network.name);
        writer.element("Description", network.description);
        writer.close();
    }
    writer.close();
}

void write_configurations(xml::Writer& writer, const Envelope& envelope) {
    if (envelope.configurations.empty()) {
        return;
    }
    writer.open("DeploymentOptionSection");
    writer.element("Info", "The deployment configurations");
    for (const DeploymentConfiguration& one : envelope.configurations) {
        writer.open("Configuration");
        writer.attribute("ovf:id", one.id);
        if (one.is_default) {
            writer.flag("ovf:default", true);
        }
        writer.element("Label", one.label);
        writer.element("Description", one.description);
        writer.close();
    }
    writer.close();
}

void write_startup(xml::Writer& writer, const std::vector<StartupItem>& items) {
    if (items.empty()) {
        return;
    }
    writer.open("StartupSection");
    writer.element("Info", "The order of starting and stopping");
    for (const StartupItem& item : items) {
        writer.open("Item");
        writer.attribute("ovf:id", item.id);
        writer.attribute("ovf:order", std::uint64_t{item.order});
        writer.attribute("ovf:startDelay", std::uint64_t{item.start_delay_seconds});
        writer.flag("ovf:waitingForGuest", item.waiting_for_guest);
        writer.attribute("ovf:startAction", item.start_action);
        writer.attribute("ovf:stopDelay", std::uint64_t{item.stop_delay_seconds});
        writer.attribute("ovf:stopAction", item.stop_action);
        writer.close();
    }
    writer.close();
}

template <typename T>
void write_texts(xml::Writer& writer, const T& owner) {
    for (const Eula& eula : owner.eulas) {
        writer.open("EulaSection");
        writer.element("Info", eula.info);
        writer.element("License", eula.license);
        writer.close();
    }
    if (!owner.annotation.empty()) {
        writer.open("AnnotationSection");
        writer.element("Info", "An annotation");
        writer.element("Annotation", owner.annotation);
        writer.close();
    }
}

void write_os(xml::Writer& writer, const OperatingSystem& os) {
    writer.open("OperatingSystemSection");
    writer.attribute("ovf:id", static_cast<std::uint64_t>(std::max(os.id, 0)));
    write_attribute_if(writer, "ovf:version", os.version);
    writer.element("Info", os.info);
    write_element_if(writer, "Description", os.description);
    writer.close();
}

template <typename T>
void write_head(xml::Writer& writer, const T& owner) {
    writer.attribute("ovf:id", owner.id);
    writer.element("Info", owner.info);
    write_element_if(writer, "Name", owner.name);
}

void write_system(xml::Writer& writer, const VirtualSystem& system) {
    writer.open("VirtualSystem");
    write_head(writer, system);
    if (system.os) {
        write_os(writer, *system.os);
    }
    for (const HardwareSection& hardware : system.hardware) {
        write_hardware(writer, hardware, system);
    }
    for (const ProductSection& product : system.products) {
        write_product(writer, product);
    }
    write_texts(writer, system);
    if (system.machine) {
        write_machine_section(writer, *system.machine);
    }
    writer.close();
}

void write_content(xml::Writer& writer, const Content& content);

void write_collection(xml::Writer& writer, const VirtualSystemCollection& collection) {
    writer.open("VirtualSystemCollection");
    write_head(writer, collection);
    for (const ProductSection& product : collection.products) {
        write_product(writer, product);
    }
    write_texts(writer, collection);
    write_startup(writer, collection.startup);
    if (collection.assembly) {
        write_assembly_section(writer, *collection.assembly);
    }
    for (const Content& member : collection.members) {
        write_content(writer, member);
    }
    writer.close();
}

void write_content(xml::Writer& writer, const Content& content) {
    if (const auto* system = std::get_if<VirtualSystem>(&content)) {
        base::in_context(fmt::format("virtual system '{}'", system->id),
                         [&] { write_system(writer, *system); });
    } else {
        write_collection(writer, std::get<VirtualSystemCollection>(content));
    }
}

}  // namespace

std::string write_envelope(const Envelope& envelope) {
    if (!envelope.content) {
        throw base::Error(base::ErrorKind::invalid_input,
                          "an envelope without a virtual system cannot be written");
    }
    xml::Writer writer;
    writer.open("Envelope");
    const std::string cim = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/";
    writer.attribute("xmlns", "http://schemas.dmtf.org/ovf/envelope/1");
    writer.attribute("xmlns:ovf", "http://schemas.dmtf.org/ovf/envelope/1");
    writer.attribute("xmlns:rasd", cim + "CIM_ResourceAllocationSettingData");
    writer.attribute("xmlns:vssd", cim + "CIM_VirtualSystemSettingData");
    writer.attribute("xmlns:muster", kMusterNamespace);
    writer.attribute("ovf:version", "1.1");
    writer.attribute("xml:lang", "en-US");
    write_references(writer, envelope);
    write_disks(writer, envelope);
    write_networks(writer, envelope);
    write_configurations(writer, envelope);
    write_content(writer, *envelope.content);
    writer.close();
    return writer.finish();
}

}  // namespace ovfkit
