// SPDX-License-Identifier: Apache-2.0
// An OVF descriptor as plain values, free of the version it was written in. Made by read_envelope()
// (lenient) or by hand, written by write_envelope() (exact). What is not modelled is kept as a
// tree. Nothing here knows QEMU. Questions that need more than one field are functions of
// envelope_queries.h.
// DSP0243 1.1 clauses 7 to 9.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ovfkit/descriptor/extensions.h"
#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/descriptor/messages/message_bundle.h"
#include "ovfkit/descriptor/product.h"
#include "ovfkit/descriptor/sections.h"
#include "ovfkit/xml/place.h"

namespace ovfkit {

// A file of the package. DSP0243 7.1.
struct FileReference {
    Place place;
    std::string id;
    std::string href;
    std::optional<std::uint64_t> size;  // bytes in the package
    std::string compression;            // "", "identity" or "gzip"
    std::optional<std::uint64_t> chunk_size;

    bool operator==(const FileReference&) const = default;
};

// DSP0243 9.1.
struct Disk {
    Place place;
    std::string id;
    std::uint64_t capacity_bytes = 0;
    // "${disksize}": the capacity is the value of that property times capacity_unit_bytes.
    std::string capacity_property;
    std::uint64_t capacity_unit_bytes = 1;
    std::string file_ref;    // id of a file; empty: a blank disk
    std::string parent_ref;  // id of the disk that this one is a delta of
    std::string format;
    std::optional<std::uint64_t> populated_bytes;
    bool shared = false;     // of the SharedDiskSection: may be attached to several machines
    bool read_only = false;  // of shared ones only

    bool operator==(const Disk&) const = default;
};

struct Network {
    Place place;
    std::string name;
    std::string description;
    std::vector<std::string> port_profile_uris;  // OVF 2
    MessageIds message_ids;

    bool operator==(const Network&) const = default;
};

struct DeploymentConfiguration {
    Place place;
    std::string id;
    std::string label;
    std::string description;
    bool is_default = false;
    MessageIds message_ids;

    bool operator==(const DeploymentConfiguration&) const = default;
};

struct OperatingSystem {
    Place place;
    int id = 0;  // CIM_OperatingSystem.OsType; 96: Debian 64-bit
    std::string version;
    std::string info;
    std::string description;
    std::string vmware_type;      // vmw:osType: "debian12_64Guest"
    std::string virtualbox_type;  // vbox:OSType: "Debian_64"
    MessageIds message_ids;

    bool operator==(const OperatingSystem&) const = default;
};

// DSP0243 9.7.
struct StartupItem {
    Place place;
    std::string id;  // of a virtual system or collection that stands beside the section
    std::uint32_t order = 0;
    std::uint32_t start_delay_seconds = 0;
    bool waiting_for_guest = false;
    std::string start_action = "powerOn";  // or "none"
    std::uint32_t stop_delay_seconds = 0;
    std::string stop_action = "powerOff";  // or "guestShutdown", "none"

    bool operator==(const StartupItem&) const = default;
};

struct Eula {
    Place place;
    std::string info;
    std::string license;
    MessageIds message_ids;

    bool operator==(const Eula&) const = default;
};

// A section that is not modelled: kept, so that an import can say what it did not honour and
// writing loses nothing. vbox:Machine is one.
struct UnknownSection {
    Place place;
    std::string name;
    std::string namespace_uri;
    bool required = false;
    xml::Element element;  // all of it

    bool operator==(const UnknownSection&) const = default;
};

struct VirtualSystem {
    Place place;
    std::string id;
    std::string name;
    std::string info;
    std::optional<OperatingSystem> os;
    std::vector<ProductSection> products;
    std::vector<HardwareSection> hardware;  // alternatives; see chosen_hardware()
    std::vector<Eula> eulas;
    std::string annotation;
    std::optional<MachineSection> machine;
    std::vector<UnknownSection> unknown_sections;
    std::optional<InstallSection> install;
    std::vector<BootConfiguration> boot_configurations;
    std::optional<Placement> placement;
    std::vector<EnvironmentFile> environment_files;
    std::string environment_files_transport;
    std::optional<AssemblySection> assembly;  // of the only system of a package
    MessageIds message_ids;                   // of Info, Name and Annotation

    bool operator==(const VirtualSystem&) const = default;
};

struct VirtualSystemCollection;
using Content = std::variant<VirtualSystem, VirtualSystemCollection>;

struct VirtualSystemCollection {
    Place place;
    std::string id;
    std::string name;
    std::string info;
    std::vector<ProductSection> products;
    std::vector<StartupItem> startup;
    std::vector<Eula> eulas;
    std::string annotation;
    std::optional<AssemblySection> assembly;
    std::vector<UnknownSection> unknown_sections;
    std::vector<Content> members;
    std::optional<ResourceAllocation> resource_allocation;
    std::vector<ScaleOut> scale_outs;
    std::optional<Placement> placement;
    MessageIds message_ids;  // of Info, Name and Annotation

    bool operator==(const VirtualSystemCollection& other) const;
};

struct Envelope {
    std::string id;       // of the outermost virtual system or collection
    std::string name;     // its name, or its id when it has none
    std::string version;  // of OVF: "0.9", "1.0", "1.1", "2.0", "2.1"
    std::vector<FileReference> files;
    std::vector<Disk> disks;
    std::vector<Network> networks;
    std::vector<DeploymentConfiguration> configurations;
    std::vector<UnknownSection> unknown_sections;
    std::optional<Content> content;  // absent only in what hardly is a descriptor
    std::string language = "en-US";  // xml:lang: of the texts that stand in the descriptor
    std::vector<MessageBundle> message_bundles;
    std::vector<PlacementGroup> placement_groups;
    std::vector<EncryptionSection> encryption;

    bool operator==(const Envelope&) const = default;
};

}  // namespace ovfkit
