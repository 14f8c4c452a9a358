// SPDX-License-Identifier: Apache-2.0
// The virtual hardware of a descriptor: VirtualHardwareSection and its items, as they stand there.
// Plain values; questions to them ("which disks, in which order") are in envelope_queries.h.
// DSP0243 1.1 clause 8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ovfkit/descriptor/messages/message_ids.h"
#include "ovfkit/xml/document.h"
#include "ovfkit/xml/place.h"

namespace ovfkit {

// CIM resource types that muster knows something about; others are carried as numbers.
namespace resource {
constexpr int kOther = 1;
constexpr int kProcessor = 3;
constexpr int kMemory = 4;
constexpr int kIdeController = 5;
constexpr int kScsiController = 6;
constexpr int kEthernet = 10;
constexpr int kFloppy = 14;
constexpr int kCdDrive = 15;
constexpr int kDvdDrive = 16;
constexpr int kDisk = 17;
constexpr int kOtherStorage = 20;  // SATA controllers of the field
constexpr int kUsbController = 23;
constexpr int kLogicalDisk = 31;  // the storage item of OVF 2
}  // namespace resource

// vmw:Config, vmw:ExtraConfig: settings of VMware's products, some of which mean something
// elsewhere
// ("firmware", see firmware_of()).
struct VendorSetting {
    Place place;
    std::string element = "Config";  // or "ExtraConfig"
    std::string key;
    std::string value;
    bool required = false;

    bool operator==(const VendorSetting&) const = default;
};

// A field of the item that has no member of its own: "Weight", "PoolID", "HostResourceBlockSize".
struct ItemValue {
    std::string name;
    std::string value;

    bool operator==(const ItemValue&) const = default;
};

struct HardwareItem {
    enum class Kind { item, storage, ethernet };  // OVF 2 splits off the last two
    enum class Bound { none, minimum, maximum, normal };

    Place place;
    Kind kind = Kind::item;
    int resource_type = 0;
    std::string resource_subtype;
    std::string element_name;
    std::string instance_id;
    std::string parent;  // instance id of the controller
    std::string address;
    std::optional<int> address_on_parent;
    std::string description;
    std::vector<std::string> host_resources;  // "ovf:/disk/…", "ovf:/file/…"
    std::vector<std::string> connections;     // network names
    std::optional<std::uint64_t> quantity;
    std::optional<std::uint64_t> reservation;
    std::optional<std::uint64_t> limit;
    std::string units;  // "byte * 2^20"
    std::optional<bool> automatic_allocation;
    bool required = true;
    Bound bound = Bound::none;
    std::vector<std::string> configurations;  // empty: in every configuration
    std::vector<ItemValue> other_values;      // in the order of the descriptor
    std::vector<VendorSetting> settings;
    std::optional<std::uint32_t> cores_per_socket;  // vmw:CoresPerSocket
    std::vector<xml::Element> foreign;              // of other namespaces, kept as they are

    bool operator==(const HardwareItem&) const = default;
};

struct HardwareSection {
    Place place;
    std::string info;
    std::vector<std::string> system_types;  // "vmx-10"
    std::vector<std::string> transports;    // "iso"
    std::vector<HardwareItem> items;
    std::string id;                 // of this alternative
    std::string system_identifier;  // vssd:VirtualSystemIdentifier
    std::vector<VendorSetting> settings;
    std::vector<xml::Element> foreign;  // children of other namespaces, kept as they are
    MessageIds message_ids;

    bool operator==(const HardwareSection&) const = default;
};

}  // namespace ovfkit
