// SPDX-License-Identifier: Apache-2.0
// Questions to an envelope. The pointers returned are into the envelope that was asked and are
// valid as long as it is neither changed nor moved. `configuration` is the id of a deployment
// configuration; pass default_configuration() when the user chose none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/descriptor/hardware_queries.h"

namespace ovfkit {

// Every virtual system of the tree, in the order of the descriptor.
std::vector<const VirtualSystem*> all_systems(const Envelope& envelope);
std::vector<const VirtualSystemCollection*> all_collections(const Envelope& envelope);
// The name of the system, or its id when it has none.
const std::string& display_name(const VirtualSystem& system);

// Each is nullptr when there is none.
const VirtualSystem* find_system(const Envelope& envelope, std::string_view id);
const FileReference* find_file(const Envelope& envelope, std::string_view id);
const Disk* find_disk(const Envelope& envelope, std::string_view id);
const Network* find_network(const Envelope& envelope, std::string_view name);
// Of the outermost system or collection.
const AssemblySection* find_assembly(const Envelope& envelope);
bool is_isolated(const Envelope& envelope, std::string_view network);

// The id of the configuration marked as default, else of the first one; empty when there is none.
std::string default_configuration(const Envelope& envelope);

// The disks whose files make up the content of this one: itself, then its parent and so on
// (ovf:parentRef), each holding what differs from the next. One without a file adds nothing; a
// blank disk gives none. Throws invalid_input for an unknown parent and for a circle,
// unsupported for a very long line of ancestors. DSP0243 9.1.
std::vector<const Disk*> layers_of(const Envelope& envelope, const Disk& disk);

// "ovf:/disk/vmdisk1" and what the field writes instead ("/disk/vmdisk1", "ovf://disk/vmdisk1").
struct HostResource {
    bool is_disk = false;  // else a file
    std::string id;
};
std::optional<HostResource> parse_host_resource(std::string_view text);

struct AttachedDisk {
    const HardwareItem* item = nullptr;
    const HardwareItem* controller = nullptr;  // nullptr: none named
    const Disk* disk = nullptr;                // nullptr: the item names a file
    const FileReference* file = nullptr;       // nullptr: a blank disk
    bool is_cdrom = false;
};
// Hard disks, then CD-ROMs; each in the order of controllers and addresses on them.
std::vector<AttachedDisk> disks_of(const Envelope& envelope, const VirtualSystem& system,
                                   std::string_view configuration);

struct AttachedNic {
    const HardwareItem* item = nullptr;
    std::string network;  // empty: not connected
    std::string mac;      // "00:16:8b:db:00:5e", empty: any
};
std::vector<AttachedNic> nics_of(const VirtualSystem& system, std::string_view configuration);

struct EffectiveProperty {
    const ProductSection* section = nullptr;
    const Property* property = nullptr;
    std::string key;    // environment_key()
    std::string value;  // the default for the configuration
    bool has_value = false;
    // The collection that hands it down; nullptr: it is the system's own.
    const VirtualSystemCollection* from = nullptr;
};
// Its own, in the order of the descriptor.
std::vector<EffectiveProperty> properties_of(const VirtualSystem& system,
                                             std::string_view configuration);
// Also those of the collections around it, whose values its guest gets too; of two with the same
// key the nearer one. DSP0243 9.5, 11.
std::vector<EffectiveProperty> properties_of(const Envelope& envelope, const VirtualSystem& system,
                                             std::string_view configuration);

}  // namespace ovfkit
