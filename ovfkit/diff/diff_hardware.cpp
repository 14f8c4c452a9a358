// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/diff/diff_parts.h"

namespace ovfkit {

namespace {

// Amounts that cannot be told are compared as such.
template <typename Fn>
std::string told(const Fn& amount) {
    try {
        return amount();
    } catch (const base::Error& error) {
        return fmt::format("unclear ({})", error.message());
    }
}

// Rounded only where nothing is lost: amounts that differ must look different.
std::string exact_size(std::uint64_t bytes) {
    std::string text = base::format_byte_size(bytes);
    const bool exact = text.find('.') == std::string::npos && base::parse_byte_size(text) == bytes;
    return exact ? text : fmt::format("{} bytes", bytes);
}

std::string in_configuration(std::string_view what, const std::string& configuration) {
    return configuration.empty() ? std::string(what)
                                 : fmt::format("{} in configuration '{}'", what, configuration);
}

// "" when there are none; else those that both sides have.
std::vector<std::string> common_configurations(const Envelope& before, const Envelope& after) {
    std::vector<std::string> common;
    for (const DeploymentConfiguration& one : before.configurations) {
        for (const DeploymentConfiguration& other : after.configurations) {
            if (one.id == other.id) {
                common.push_back(one.id);
            }
        }
    }
    if (common.empty()) {
        common.emplace_back();
    }
    return common;
}

struct DiskFacts {
    std::string key;  // "disk 1", "CD drive 1"
    std::string capacity;
    std::string content;
    std::string format;
    std::string parent;
    std::string place;  // "scsi (lsilogic) 0, address 1"
};

std::string controller_text(const HardwareItem* controller) {
    if (controller == nullptr) {
        return "no controller";
    }
    std::string_view kind = "controller";
    switch (controller->resource_type) {
        case resource::kIdeController: kind = "IDE"; break;
        case resource::kScsiController: kind = "SCSI"; break;
        case resource::kOtherStorage: kind = "SATA"; break;
        default: break;
    }
    return controller->resource_subtype.empty()
               ? std::string(kind)
               : fmt::format("{} ({})", kind, controller->resource_subtype);
}

// Disks are named by their place in the machine: ids and hrefs may change without a difference.
std::vector<DiskFacts> disk_facts(const DiffSide& side, const VirtualSystem& system) {
    std::vector<DiskFacts> facts;
    std::map<bool, int> count;
    const std::string configuration = default_configuration(side.envelope);
    for (const AttachedDisk& disk : disks_of(side.envelope, system, configuration)) {
        DiskFacts one;
        one.key = fmt::format("{} {}", disk.is_cdrom ? "CD drive" : "disk", ++count[disk.is_cdrom]);
        one.content = content_of(side, disk.file);
        if (disk.disk != nullptr) {
            one.capacity = disk.disk->capacity_property.empty()
                               ? exact_size(disk.disk->capacity_bytes)
                               : fmt::format("${{{}}}", disk.disk->capacity_property);
            one.format = disk.disk->format;
            const Disk* parent = find_disk(side.envelope, disk.disk->parent_ref);
            one.parent = parent == nullptr
                             ? disk.disk->parent_ref
                             : content_of(side, find_file(side.envelope, parent->file_ref));
        }
        one.place = controller_text(disk.controller);
        if (disk.item != nullptr && disk.item->address_on_parent) {
            one.place += fmt::format(" at {}", *disk.item->address_on_parent);
        }
        facts.push_back(std::move(one));
    }
    return facts;
}

std::string summary_of(const DiskFacts& disk) {
    return disk.capacity.empty() ? disk.place : fmt::format("{}, {}", disk.capacity, disk.place);
}

void diff_disks(const std::vector<DiskFacts>& before, const std::vector<DiskFacts>& after,
                Changes& changes) {
    match(
        before, after, [](const DiskFacts& disk) -> const std::string& { return disk.key; },
        [&](const DiskFacts& a, const DiskFacts& b) {
            changes.compare(fmt::format("capacity of {}", a.key), a.capacity, b.capacity);
            changes.compare(fmt::format("content of {}", a.key), a.content, b.content);
            changes.compare(fmt::format("format of {}", a.key), a.format, b.format);
            changes.compare(fmt::format("parent of {}", a.key), a.parent, b.parent);
            changes.compare(fmt::format("place of {}", a.key), a.place, b.place);
        },
        [&](const DiskFacts& a) { changes.removed(a.key, summary_of(a)); },
        [&](const DiskFacts& b) { changes.added(b.key, summary_of(b)); });
}

struct NicFacts {
    std::string key;
    std::string network;
    std::string mac;
    std::string kind;
};

std::vector<NicFacts> nic_facts(const DiffSide& side, const VirtualSystem& system) {
    std::vector<NicFacts> facts;
    for (const AttachedNic& nic : nics_of(system, default_configuration(side.envelope))) {
        facts.push_back({fmt::format("network adapter {}", facts.size() + 1), nic.network, nic.mac,
                         nic.item->resource_subtype});
    }
    return facts;
}

void diff_nics(const std::vector<NicFacts>& before, const std::vector<NicFacts>& after,
               Changes& changes) {
    match(
        before, after, [](const NicFacts& nic) -> const std::string& { return nic.key; },
        [&](const NicFacts& a, const NicFacts& b) {
            changes.compare(fmt::format("network of {}", a.key), a.network, b.network);
            changes.compare(fmt::format("address of {}", a.key), a.mac, b.mac);
            changes.compare(fmt::format("kind of {}", a.key), a.kind, b.kind);
        },
        [&](const NicFacts& a) { changes.removed(a.key, a.network); },
        [&](const NicFacts& b) { changes.added(b.key, b.network); });
}

// Devices of other kinds, as a list of what they are.
std::string other_devices(const DiffSide& side, const VirtualSystem& system) {
    static const std::set<int> kToldElsewhere{
        resource::kProcessor, resource::kMemory, resource::kEthernet,   resource::kCdDrive,
        resource::kDvdDrive,  resource::kDisk,   resource::kLogicalDisk};
    std::vector<std::string> devices;
    for (const HardwareItem* item : items_of(system, default_configuration(side.envelope))) {
        if (!kToldElsewhere.contains(item->resource_type)) {
            devices.push_back(
                item->resource_subtype.empty()
                    ? fmt::format("type {}", item->resource_type)
                    : fmt::format("type {} ({})", item->resource_type, item->resource_subtype));
        }
    }
    return sorted_list(std::move(devices));
}

std::vector<std::string> words_of_first(const VirtualSystem& system,
                                        std::vector<std::string> HardwareSection::*words) {
    return system.hardware.empty() ? std::vector<std::string>() : system.hardware.front().*words;
}

}  // namespace

void diff_hardware(const DiffSide& before, const VirtualSystem& old_system, const DiffSide& after,
                   const VirtualSystem& new_system, Changes& changes) {
    for (const std::string& configuration :
         common_configurations(before.envelope, after.envelope)) {
        const auto cpus = [&](const VirtualSystem& system) {
            return told([&] { return fmt::format("{}", cpus_of(system, configuration)); });
        };
        const auto memory = [&](const VirtualSystem& system) {
            return told([&] { return exact_size(memory_bytes_of(system, configuration)); });
        };
        changes.compare(in_configuration("processors", configuration), cpus(old_system),
                        cpus(new_system));
        changes.compare(in_configuration("memory", configuration), memory(old_system),
                        memory(new_system));
    }
    diff_disks(disk_facts(before, old_system), disk_facts(after, new_system), changes);
    diff_nics(nic_facts(before, old_system), nic_facts(after, new_system), changes);
    changes.compare("other devices", other_devices(before, old_system),
                    other_devices(after, new_system));
    const auto compare_words = [&](std::string_view what,
                                   std::vector<std::string> HardwareSection::*words) {
        changes.compare(what, sorted_list(words_of_first(old_system, words)),
                        sorted_list(words_of_first(new_system, words)));
    };
    compare_words("kind of hardware", &HardwareSection::system_types);
    compare_words("transport of the environment", &HardwareSection::transports);
    changes.compare_number("alternatives of hardware", old_system.hardware.size(),
                           new_system.hardware.size());
}

}  // namespace ovfkit
