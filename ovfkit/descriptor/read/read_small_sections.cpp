// SPDX-License-Identifier: Apache-2.0
// The sections of sections.h and the Strings. DSP0243 1.1 clauses 9 and 10, 2.1 9.14 to 9.20.
#include <algorithm>

#include <fmt/format.h>

#include "ovfkit/descriptor/read/reading.h"
#include "ovfkit/xml/names.h"

namespace ovfkit {

namespace {

BootSource read_boot_source(const xml::Element& element) {
    BootSource source;
    source.caption = child_text(element, "Caption");
    source.instance_id = child_text(element, "InstanceID");
    source.boot_string = child_text(element, "StructuredBootString");
    if (source.boot_string.empty()) {
        source.boot_string = child_text(element, "BootString");
    }
    return source;
}

bool is_boot_source(const xml::Element& element) {
    return element.local_name == "CIM_BootSourceSetting" ||
           element.local_name == "BootSourceSetting";
}

// Sources stand inside of their configuration, or alone.
void add_boot_configuration(const xml::Element& element, std::vector<BootConfiguration>& found) {
    if (is_boot_source(element)) {
        if (found.empty()) {
            found.push_back({.place = element.place});
        }
        found.back().sources.push_back(read_boot_source(element));
        return;
    }
    BootConfiguration one;
    one.place = element.place;
    one.caption = child_text(element, "Caption");
    one.description = child_text(element, "Description");
    for (const xml::Element& child : element.children) {
        if (is_boot_source(child)) {
            one.sources.push_back(read_boot_source(child));
        }
    }
    found.push_back(std::move(one));
}

// Recursion is as deep as the document, which the XML reader limits.
void collect_encryption(const xml::Element& element, EncryptionSection& section) {
    if (element.local_name == "EncryptionMethod") {
        if (const auto algorithm = element.find_attribute("Algorithm")) {
            section.algorithms.emplace_back(*algorithm);
        }
    } else if (element.local_name == "DataReference" || element.local_name == "CipherReference") {
        if (const auto uri = element.find_attribute("URI"); uri && !uri->starts_with('#')) {
            section.hrefs.emplace_back(*uri);
        }
    }
    for (const xml::Element& child : element.children) {
        collect_encryption(child, section);
    }
}

}  // namespace

MessageBundle read_bundle(Reading& reading, const xml::Element& element) {
    MessageBundle bundle;
    bundle.place = element.place;
    bundle.language = element.find_attribute(xml::kXmlNamespace, "lang").value_or("");
    bundle.file_ref = element.find_attribute("fileRef").value_or("");
    for (const xml::Element& child : element.children) {
        if (child.local_name == "Msg") {
            bundle.messages.push_back({reading.require(child, "msgid", "a Msg of the Strings"),
                                       std::string(child.trimmed_text())});
        }
    }
    return bundle;
}

void read_placement_group(Reading& reading, const xml::Element& element, Envelope& envelope) {
    reading.check_children(element, {"Info", "Description"});
    PlacementGroup group;
    group.place = element.place;
    group.id = reading.require(element, "id", "a PlacementGroupSection");
    group.policy = element.find_attribute("policy").value_or("");
    group.info = message_text(element, "Info", group.message_ids);
    group.description = message_text(element, "Description", group.message_ids);
    envelope.placement_groups.push_back(std::move(group));
}

void read_encryption(Reading& /*reading*/, const xml::Element& element, Envelope& envelope) {
    EncryptionSection section;
    section.place = element.place;
    section.element = element;
    collect_encryption(element, section);
    envelope.encryption.push_back(std::move(section));
}

InstallSection read_install(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info"});
    InstallSection section;
    section.place = element.place;
    section.info = child_text(element, "Info");
    section.initial_boot = reading.boolean(element, "initialBoot", true);
    section.stop_delay_seconds = clamped(reading.number(element, "initialBootStopDelay"));
    return section;
}

std::vector<BootConfiguration> read_boot_devices(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "CIM_BootConfigSetting", "BootConfigSetting",
                                     "CIM_BootSourceSetting", "BootSourceSetting"});
    std::vector<BootConfiguration> found;
    for (const xml::Element& child : element.children) {
        if (is_boot_source(child) || child.local_name.ends_with("BootConfigSetting")) {
            add_boot_configuration(child, found);
        }
    }
    return found;
}

std::vector<EnvironmentFile> read_environment_files(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "File"});
    std::vector<EnvironmentFile> files;
    for (const xml::Element& child : element.children) {
        if (child.local_name == "File") {
            EnvironmentFile file;
            file.place = child.place;
            file.file_ref =
                reading.require(child, "fileRef", "a File of the EnvironmentFilesSection");
            file.path = child.find_attribute("path").value_or("");
            files.push_back(std::move(file));
        }
    }
    return files;
}

ScaleOut read_scale_out(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "Description", "InstanceCount"});
    ScaleOut section;
    section.place = element.place;
    section.id = reading.require(element, "id", "a ScaleOutSection");
    section.info = message_text(element, "Info", section.message_ids);
    section.description = message_text(element, "Description", section.message_ids);
    const xml::Element* count = element.find_child("InstanceCount");
    if (count == nullptr) {
        reading.error(element.place, "missing-count",
                      fmt::format("the ScaleOutSection of '{}' has no InstanceCount", section.id));
        return section;
    }
    // DSP0243 2.1 9.16: minimum is 1 and default is minimum unless they are said.
    const auto minimum = reading.number(*count, "minimum");
    const auto initial = reading.number(*count, "default");
    section.minimum = minimum ? clamped(minimum) : 1;
    section.initial = initial ? clamped(initial) : section.minimum;
    if (const auto maximum = reading.number(*count, "maximum")) {
        section.maximum = clamped(maximum);
    }
    return section;
}

Placement read_placement(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info"});
    Placement placement;
    placement.place = element.place;
    placement.group = element.find_attribute("group").value_or("");
    placement.policy = element.find_attribute("policy").value_or("");
    return placement;
}

ResourceAllocation read_resource_allocation(Reading& reading, const xml::Element& element) {
    reading.check_children(element, {"Info", "Item"});
    ResourceAllocation section;
    section.place = element.place;
    section.info = child_text(element, "Info");
    for (const xml::Element& child : element.children) {
        if (child.local_name == "Item") {
            section.items.push_back(read_item(reading, child));
        }
    }
    return section;
}

}  // namespace ovfkit
