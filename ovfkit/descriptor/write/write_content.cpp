// SPDX-License-Identifier: Apache-2.0
// Virtual systems and collections.
#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/write/writing.h"

namespace ovfkit {

namespace {

void write_startup(Writing& writing, const std::vector<StartupItem>& items) {
    if (items.empty()) {
        return;
    }
    xml::Writer& xml = writing.xml;
    writing.open_section("StartupSection");
    xml.element("Info", "The order of starting and stopping");
    for (const StartupItem& item : items) {
        xml.open("Item");
        xml.attribute("ovf:id", item.id);
        xml.attribute("ovf:order", std::uint64_t{item.order});
        xml.attribute("ovf:startDelay", std::uint64_t{item.start_delay_seconds});
        xml.flag("ovf:waitingForGuest", item.waiting_for_guest);
        xml.attribute("ovf:startAction", item.start_action);
        xml.attribute("ovf:stopDelay", std::uint64_t{item.stop_delay_seconds});
        xml.attribute("ovf:stopAction", item.stop_action);
        xml.close();
    }
    xml.close();
}

template <typename T>
void write_texts(Writing& writing, const T& owner) {
    for (const Eula& eula : owner.eulas) {
        writing.open_section("EulaSection");
        writing.message("Info", eula.info, eula.message_ids);
        writing.message("License", eula.license, eula.message_ids);
        writing.xml.close();
    }
    if (!owner.annotation.empty() || owner.message_ids.contains("Annotation")) {
        writing.open_section("AnnotationSection");
        writing.xml.element("Info", "An annotation");
        writing.message("Annotation", owner.annotation, owner.message_ids);
        writing.xml.close();
    }
}

void write_os(Writing& writing, const OperatingSystem& os) {
    writing.open_section("OperatingSystemSection");
    writing.xml.attribute("ovf:id", static_cast<std::uint64_t>(std::max(os.id, 0)));
    writing.attribute_if("ovf:version", os.version);
    if (!os.vmware_type.empty()) {
        writing.xml.attribute(writing.prefix(kVmwareSchema) + "osType", os.vmware_type);
    }
    writing.message("Info", os.info, os.message_ids);
    writing.message_if("Description", os.description, os.message_ids);
    if (!os.virtualbox_type.empty()) {
        writing.xml.open(writing.prefix(kVirtualboxSchema) + "OSType");
        writing.xml.flag("ovf:required", false);
        writing.xml.text(os.virtualbox_type);
        writing.xml.close();
    }
    writing.xml.close();
}

template <typename T>
void write_head(Writing& writing, const T& owner) {
    writing.xml.attribute("ovf:id", owner.id);
    writing.message("Info", owner.info, owner.message_ids);
    writing.message_if("Name", owner.name, owner.message_ids);
}

void write_system(Writing& writing, const VirtualSystem& system) {
    writing.open_section("VirtualSystem", "Content");
    write_head(writing, system);
    if (system.os) {
        write_os(writing, *system.os);
    }
    write_install(writing, system);
    write_boot_devices(writing, system);
    for (const HardwareSection& hardware : system.hardware) {
        write_hardware(writing, hardware);
    }
    for (const ProductSection& product : system.products) {
        write_product(writing, product);
    }
    write_texts(writing, system);
    write_environment_files(writing, system);
    write_placement(writing, system.placement);
    if (system.machine) {
        write_machine_section(writing.xml, *system.machine);
    }
    if (system.assembly) {
        write_assembly_section(writing.xml, *system.assembly);
    }
    write_unknown(writing, system.unknown_sections);
    writing.xml.close();
}

void write_collection(Writing& writing, const VirtualSystemCollection& collection) {
    writing.open_section("VirtualSystemCollection", "Content");
    write_head(writing, collection);
    write_resource_allocation(writing, collection);
    for (const ProductSection& product : collection.products) {
        write_product(writing, product);
    }
    write_texts(writing, collection);
    write_startup(writing, collection.startup);
    write_scale_outs(writing, collection);
    write_placement(writing, collection.placement);
    if (collection.assembly) {
        write_assembly_section(writing.xml, *collection.assembly);
    }
    write_unknown(writing, collection.unknown_sections);
    for (const Content& member : collection.members) {
        write_content(writing, member);
    }
    writing.xml.close();
}

}  // namespace

void write_content(Writing& writing, const Content& content) {
    if (const auto* system = std::get_if<VirtualSystem>(&content)) {
        base::in_context(fmt::format("virtual system '{}'", system->id),
                         [&] { write_system(writing, *system); });
    } else {
        write_collection(writing, std::get<VirtualSystemCollection>(content));
    }
}

}  // namespace ovfkit
