// SPDX-License-Identifier: Apache-2.0
// The smaller sections of a descriptor: how a machine is installed and booted, how many of it there
// are, where it may stand, what is encrypted. Plain values. DSP0243 1.1 clause 9, 2.1 clause 9.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/descriptor/messages/message_ids.h"
#include "ovfkit/xml/document.h"
#include "ovfkit/xml/place.h"

namespace ovfkit {

// The machine boots once to install itself and powers off. DSP0243 1.1 9.10.
struct InstallSection {
    Place place;
    std::string info;
    bool initial_boot = true;
    // How long to wait for the power-off; 0: as long as it takes.
    std::uint32_t stop_delay_seconds = 0;

    bool operator==(const InstallSection&) const = default;
};

// BootDeviceSection of OVF 2: devices in the order in which they are tried. DSP0243 2.1 9.14.
struct BootSource {
    std::string caption;
    std::string instance_id;  // of the hardware item
    std::string boot_string;  // StructuredBootString: "CIM:Network:1"

    bool operator==(const BootSource&) const = default;
};
struct BootConfiguration {
    Place place;
    std::string caption;
    std::string description;
    std::vector<BootSource> sources;

    bool operator==(const BootConfiguration&) const = default;
};

// ScaleOutSection of a collection: how many copies of a member there are. DSP0243 2.1 9.16.
struct ScaleOut {
    Place place;
    std::string id;  // of a member of the collection
    std::string info;
    std::string description;
    std::uint32_t initial = 1;
    std::uint32_t minimum = 1;
    std::optional<std::uint32_t> maximum;  // absent: no limit
    MessageIds message_ids;

    bool operator==(const ScaleOut&) const = default;
};

// PlacementGroupSection and PlacementSection. DSP0243 2.1 9.17, 9.18.
struct PlacementGroup {
    Place place;
    std::string id;
    std::string policy;  // "Affinity", "Availability"
    std::string info;
    std::string description;
    MessageIds message_ids;

    bool operator==(const PlacementGroup&) const = default;
};
struct Placement {
    Place place;
    std::string group;   // id of a group
    std::string policy;  // of its own, without a group

    bool operator==(const Placement&) const = default;
};

// Limits for a whole collection. DSP0243 1.1 9.3.
struct ResourceAllocation {
    Place place;
    std::string info;
    std::vector<HardwareItem> items;

    bool operator==(const ResourceAllocation&) const = default;
};

// EnvironmentFilesSection of OVF 2: files that the guest gets beside its environment. 2.1 9.19.
struct EnvironmentFile {
    Place place;
    std::string file_ref;
    std::string path;

    bool operator==(const EnvironmentFile&) const = default;
};

// Which files are encrypted and how; muster cannot decrypt. DSP0243 2.1 9.20.
struct EncryptionSection {
    Place place;
    std::vector<std::string> algorithms;  // URIs
    std::vector<std::string> hrefs;       // of the encrypted files
    xml::Element element;                 // all of it

    bool operator==(const EncryptionSection&) const = default;
};

}  // namespace ovfkit
