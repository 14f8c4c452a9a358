// SPDX-License-Identifier: Apache-2.0
// An OVF descriptor as plain values, free of XML and of the version it was written in. Made by
// read_envelope() (lenient) or by hand, written by write_envelope() (exact). Nothing here knows
// QEMU. Questions that need more than one field are functions of envelope_queries.h.
// DSP0243 1.1 clauses 7 to 9.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ovfkit/descriptor/extensions.h"
#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/descriptor/product.h"
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

    bool operator==(const Disk&) const = default;
};

struct Network {
    Place place;
    std::string name;
    std::string description;

    bool operator==(const Network&) const = default;
};

struct DeploymentConfiguration {
    Place place;
    std::string id;
    std::string label;
    std::string description;
    bool is_default = false;

    bool operator==(const DeploymentConfiguration&) const = default;
};

struct OperatingSystem {
    Place place;
    int id = 0;  // CIM_OperatingSystem.OsType; 96: Debian 64-bit
    std::string version;
    std::string info;
    std::string description;

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

    bool operator==(const Eula&) const = default;
};

// A section that is not modelled: kept by name, so that an import can say what it did not honour.
struct UnknownSection {
    Place place;
    std::string name;
    std::string namespace_uri;
    bool required = false;

    bool operator==(const UnknownSection&) const = default;
};

struct VirtualSystem {
    Place place;
    std::string id;
    std::string name;
    std::string info;
    std::optional<OperatingSystem> os;
    std::vector<ProductSection> products;
    std::vector<HardwareSection> hardware;  // alternatives; muster takes the first
    std::vector<Eula> eulas;
    std::string annotation;
    std::optional<MachineSection> machine;
    std::vector<UnknownSection> unknown_sections;

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

    bool operator==(const VirtualSystemCollection& other) const;
};

struct Envelope {
    std::string id;       // of the outermost virtual system or collection
    std::string name;     // its name, or its id when it has none
    std::string version;  // of OVF: "0.9", "1.0", "1.1", "2.0"
    std::vector<FileReference> files;
    std::vector<Disk> disks;
    std::vector<Network> networks;
    std::vector<DeploymentConfiguration> configurations;
    std::vector<UnknownSection> unknown_sections;
    std::optional<Content> content;  // absent only in what hardly is a descriptor

    bool operator==(const Envelope&) const = default;
};

}  // namespace ovfkit
