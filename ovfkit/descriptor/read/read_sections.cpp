// SPDX-License-Identifier: Apache-2.0
// The sections of the envelope itself. DSP0243 7.1, 9.1, 9.2, 9.8.
#include <fmt/format.h>

#include "ovfkit/descriptor/read/reading.h"
#include "ovfkit/descriptor/units.h"

namespace ovfkit {

namespace {

// The field writes -1 and -2 for "unknown".
std::optional<std::uint64_t> lenient_size(Reading& reading, const xml::Element& element,
                                          std::string_view attribute) {
    const auto text = element.find_attribute(attribute);
    if (text && text->starts_with('-') && text->size() > 1 &&
        text->find_first_not_of("0123456789", 1) == std::string_view::npos) {
        reading.warning(element.place, "negative-size",
                        fmt::format("the attribute '{}' of {} is negative and taken as unknown",
                                    attribute, element.local_name));
        return std::nullopt;
    }
    return reading.number(element, attribute);
}

void read_capacity(Reading& reading, const xml::Element& element, Disk& disk) {
    const std::string text =
        reading.require(element, "capacity", fmt::format("disk '{}'", disk.id));
    const std::string units(element.find_attribute("capacityAllocationUnits").value_or(""));
    const auto factor = unit_factor(units);
    if (!factor) {
        reading.error(element.place, "bad-units",
                      fmt::format("disk '{}' has the unknown capacity unit '{}'", disk.id, units));
        return;
    }
    if (text.starts_with("${") && text.ends_with("}")) {
        disk.capacity_property = text.substr(2, text.size() - 3);
        disk.capacity_unit_bytes = *factor;
        return;
    }
    if (text.empty()) {
        return;
    }
    const auto amount =
        reading.number_text(element.place, text, fmt::format("the capacity of disk '{}'", disk.id));
    const auto bytes = amount ? multiply(*amount, *factor) : std::nullopt;
    if (amount && !bytes) {
        reading.error(element.place, "bad-number",
                      fmt::format("the capacity of disk '{}' is too large", disk.id));
    }
    disk.capacity_bytes = bytes.value_or(0);
}

Disk read_disk(Reading& reading, const xml::Element& child) {
    Disk disk;
    disk.place = child.place;
    disk.id = reading.require(child, "diskId", "a Disk");
    disk.file_ref = child.find_attribute("fileRef").value_or("");
    disk.parent_ref = child.find_attribute("parentRef").value_or("");
    disk.format = child.find_attribute("format").value_or("");
    disk.populated_bytes = lenient_size(reading, child, "populatedSize");
    read_capacity(reading, child, disk);
    return disk;
}

}  // namespace

void read_references(Reading& reading, const xml::Element& element, Envelope& envelope) {
    reading.check_children(element, {"File"});
    for (const xml::Element& child : element.children) {
        if (child.local_name != "File") {
            continue;
        }
        FileReference file;
        file.place = child.place;
        file.id = reading.require(child, "id", "a File of the References");
        file.href = reading.require(child, "href", fmt::format("file '{}'", file.id));
        file.size = lenient_size(reading, child, "size");
        file.compression = child.find_attribute("compression").value_or("");
        file.chunk_size = lenient_size(reading, child, "chunkSize");
        envelope.files.push_back(std::move(file));
    }
}

void read_disks(Reading& reading, const xml::Element& element, Envelope& envelope) {
    reading.check_children(element, {"Info", "Disk"});
    for (const xml::Element& child : element.children) {
        if (child.local_name == "Disk") {
            envelope.disks.push_back(read_disk(reading, child));
        }
    }
}

// DSP0243 2.1 9.15
void read_shared_disks(Reading& reading, const xml::Element& element, Envelope& envelope) {
    reading.check_children(element, {"Info", "SharedDisk", "Disk"});
    for (const xml::Element& child : element.children) {
        if (child.local_name == "SharedDisk" || child.local_name == "Disk") {
            Disk disk = read_disk(reading, child);
            disk.shared = true;
            disk.read_only = reading.boolean(child, "readOnly", false);
            envelope.disks.push_back(std::move(disk));
        }
    }
}

void read_networks(Reading& reading, const xml::Element& element, Envelope& envelope) {
    reading.check_children(element, {"Info", "Network"});
    for (const xml::Element& child : element.children) {
        if (child.local_name != "Network") {
            continue;
        }
        Network network;
        network.place = child.place;
        network.name = reading.require(child, "name", "a Network");
        network.description = message_text(child, "Description", network.message_ids);
        for (const xml::Element& part : child.children) {
            if (part.local_name == "NetworkPortProfileURI") {
                network.port_profile_uris.emplace_back(part.trimmed_text());
            }
        }
        envelope.networks.push_back(std::move(network));
    }
}

void read_configurations(Reading& reading, const xml::Element& element, Envelope& envelope) {
    reading.check_children(element, {"Info", "Configuration"});
    for (const xml::Element& child : element.children) {
        if (child.local_name != "Configuration") {
            continue;
        }
        DeploymentConfiguration one;
        one.place = child.place;
        one.id = reading.require(child, "id", "a Configuration");
        one.label = message_text(child, "Label", one.message_ids);
        one.description = message_text(child, "Description", one.message_ids);
        one.is_default = reading.boolean(child, "default", false);
        envelope.configurations.push_back(std::move(one));
    }
}

}  // namespace ovfkit
