// SPDX-License-Identifier: Apache-2.0
// The order of elements everywhere here is the order of DSP8023 1.1.
#include "ovfkit/descriptor/write_envelope.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/write/writing.h"

namespace ovfkit {

namespace {

constexpr std::string_view kCim = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/";

void write_references(Writing& writing, const Envelope& envelope) {
    xml::Writer& xml = writing.xml;
    xml.open("References");
    for (const FileReference& file : envelope.files) {
        xml.open("File");
        xml.attribute("ovf:id", file.id);
        xml.attribute("ovf:href", file.href);
        if (file.size) {
            xml.attribute("ovf:size", *file.size);
        }
        writing.attribute_if("ovf:compression", file.compression);
        if (file.chunk_size) {
            xml.attribute("ovf:chunkSize", *file.chunk_size);
        }
        xml.close();
    }
    xml.close();
}

void write_disk(Writing& writing, const Disk& disk, std::string_view element) {
    xml::Writer& xml = writing.xml;
    xml.open(element);
    xml.attribute("ovf:diskId", disk.id);
    writing.attribute_if("ovf:fileRef", disk.file_ref);
    if (disk.capacity_property.empty()) {
        xml.attribute("ovf:capacity", disk.capacity_bytes);
    } else {
        xml.attribute("ovf:capacity", "${" + disk.capacity_property + "}");
        xml.attribute("ovf:capacityAllocationUnits",
                      fmt::format("byte * {}", disk.capacity_unit_bytes));
    }
    writing.attribute_if("ovf:format", disk.format);
    if (disk.populated_bytes) {
        xml.attribute("ovf:populatedSize", *disk.populated_bytes);
    }
    writing.attribute_if("ovf:parentRef", disk.parent_ref);
    if (disk.read_only && writing.is_2()) {
        xml.flag("ovf:readOnly", true);
    }
    xml.close();
}

// Before OVF 2 a shared disk is a disk.
void write_disks(Writing& writing, const Envelope& envelope, bool shared) {
    const auto belongs = [&](const Disk& disk) {
        return (disk.shared && writing.is_2()) == shared;
    };
    if (std::none_of(envelope.disks.begin(), envelope.disks.end(), belongs)) {
        return;
    }
    writing.open_section(shared ? "SharedDiskSection" : "DiskSection");
    writing.xml.element("Info",
                        shared ? "The virtual disks that machines share" : "The virtual disks");
    for (const Disk& disk : envelope.disks) {
        if (belongs(disk)) {
            write_disk(writing, disk, shared ? "SharedDisk" : "Disk");
        }
    }
    writing.xml.close();
}

void write_networks(Writing& writing, const Envelope& envelope) {
    if (envelope.networks.empty()) {
        return;
    }
    writing.open_section("NetworkSection");
    writing.xml.element("Info", "The networks");
    for (const Network& network : envelope.networks) {
        writing.xml.open("Network");
        writing.xml.attribute("ovf:name", network.name);
        writing.message("Description", network.description, network.message_ids);
        for (const std::string& uri : network.port_profile_uris) {
            if (writing.is_2()) {
                writing.xml.element("NetworkPortProfileURI", uri);
            }
        }
        writing.xml.close();
    }
    writing.xml.close();
}

void write_configurations(Writing& writing, const Envelope& envelope) {
    if (envelope.configurations.empty()) {
        return;
    }
    writing.open_section("DeploymentOptionSection");
    writing.xml.element("Info", "The deployment configurations");
    for (const DeploymentConfiguration& one : envelope.configurations) {
        writing.xml.open("Configuration");
        writing.xml.attribute("ovf:id", one.id);
        if (one.is_default) {
            writing.xml.flag("ovf:default", true);
        }
        writing.message("Label", one.label, one.message_ids);
        writing.message("Description", one.description, one.message_ids);
        writing.xml.close();
    }
    writing.xml.close();
}

void write_root_attributes(Writing& writing, const Envelope& envelope) {
    xml::Writer& xml = writing.xml;
    const std::string cim(kCim);
    xml.attribute("xmlns", envelope_namespace(writing));
    xml.attribute("xmlns:ovf", envelope_namespace(writing));
    xml.attribute("xmlns:rasd", cim + "CIM_ResourceAllocationSettingData");
    xml.attribute("xmlns:vssd", cim + "CIM_VirtualSystemSettingData");
    if (writing.is_2()) {
        xml.attribute("xmlns:sasd", cim + "CIM_StorageAllocationSettingData.xsd");
        xml.attribute("xmlns:epasd", cim + "CIM_EthernetPortAllocationSettingData.xsd");
        xml.attribute("xmlns:bootc", cim + "CIM_BootConfigSetting");
        xml.attribute("xmlns:boots", cim + "CIM_BootSourceSetting");
    }
    if (writing.is_09()) {
        xml.attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    }
    xml.attribute("xmlns:muster", kMusterNamespace);
    for (const auto& [uri, prefix] : writing.prefixes) {
        xml.attribute("xmlns:" + prefix, uri);
    }
    xml.attribute("ovf:version", writing.version);
    xml.attribute("xml:lang", envelope.language);
}

void write_all(Writing& writing, const Envelope& envelope) {
    writing.xml.open("Envelope");
    write_root_attributes(writing, envelope);
    write_references(writing, envelope);
    write_disks(writing, envelope, false);
    write_disks(writing, envelope, true);
    write_networks(writing, envelope);
    write_configurations(writing, envelope);
    write_placement_groups(writing, envelope);
    write_encryption(writing, envelope);
    write_unknown(writing, envelope.unknown_sections);
    write_content(writing, *envelope.content);
    write_strings(writing, envelope);
    writing.xml.close();
}

void lost_of_system(const VirtualSystem& system, std::vector<std::string>& losses) {
    const auto lose = [&](bool has, std::string_view section) {
        if (has) {
            losses.push_back(fmt::format("the {} of '{}'", section, system.id));
        }
    };
    lose(!system.boot_configurations.empty(), "BootDeviceSection");
    lose(!system.environment_files.empty(), "EnvironmentFilesSection");
    lose(system.placement.has_value(), "PlacementSection");
}

// Sections that OVF 2 brought.
std::vector<std::string> later_sections(const Envelope& envelope) {
    std::vector<std::string> losses;
    for (const Disk& disk : envelope.disks) {
        if (disk.shared) {
            losses.push_back(fmt::format("that disk '{}' is shared", disk.id));
        }
    }
    for (const PlacementGroup& group : envelope.placement_groups) {
        losses.push_back(fmt::format("the PlacementGroupSection '{}'", group.id));
    }
    if (!envelope.encryption.empty()) {
        losses.emplace_back("the EncryptionSection");
    }
    for (const VirtualSystem* system : all_systems(envelope)) {
        lost_of_system(*system, losses);
    }
    for (const VirtualSystemCollection* collection : all_collections(envelope)) {
        for (const ScaleOut& scale_out : collection->scale_outs) {
            losses.push_back(fmt::format("the ScaleOutSection of '{}'", scale_out.id));
        }
        if (collection->placement) {
            losses.push_back(fmt::format("the PlacementSection of '{}'", collection->id));
        }
    }
    return losses;
}

std::string version_to_write(const Envelope& envelope, const std::string& wanted) {
    constexpr std::array<std::string_view, 5> kVersions{"0.9", "1.0", "1.1", "2.0", "2.1"};
    if (!wanted.empty()) {
        if (std::find(kVersions.begin(), kVersions.end(), wanted) == kVersions.end()) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("OVF {} cannot be written", wanted),
                              "the versions are 0.9, 1.0, 1.1, 2.0 and 2.1");
        }
        return wanted;
    }
    const std::string& own = envelope.version;
    if (!own.starts_with("2.") && !later_sections(envelope).empty()) {
        return "2.1";
    }
    return own.starts_with("1.") || own.starts_with("2.") ? own : "1.1";
}

}  // namespace

std::string_view envelope_namespace(const Writing& writing) {
    if (writing.is_09()) {
        return "http://www.vmware.com/schema/ovf/1/envelope";
    }
    return writing.is_2() ? "http://schemas.dmtf.org/ovf/envelope/2"
                          : "http://schemas.dmtf.org/ovf/envelope/1";
}

std::string write_envelope(const Envelope& envelope, const WriteOptions& options) {
    if (!envelope.content) {
        throw base::Error(base::ErrorKind::invalid_input,
                          "an envelope without a virtual system cannot be written");
    }
    const std::string version = version_to_write(envelope, options.version);
    Writing first(version, options.unknown_sections, {});
    write_all(first, envelope);
    if (first.prefixes.empty()) {
        return first.xml.finish();
    }
    Writing second(version, options.unknown_sections, first.prefixes);
    write_all(second, envelope);
    return second.xml.finish();
}

std::vector<std::string> losses_of(const Envelope& envelope, const std::string& version) {
    return version.starts_with("2.") ? std::vector<std::string>() : later_sections(envelope);
}

}  // namespace ovfkit
