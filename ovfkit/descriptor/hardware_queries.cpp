// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/hardware_queries.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/letter_case.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/units.h"

namespace ovfkit {

namespace {

using Bound = HardwareItem::Bound;
using Items = std::vector<const HardwareItem*>;

// Kind of machine, then minus the version: the smallest is the best.
using Rank = std::pair<int, int>;

Rank rank_of_type(const std::string& text) {
    const std::string type = base::to_lower(text);
    if (type.starts_with("muster")) {
        return {0, 0};
    }
    if (type.starts_with("kvm") || type.starts_with("qemu")) {
        return {1, 0};
    }
    if (type.starts_with("vmx-")) {
        int version = 0;
        std::from_chars(type.data() + 4, type.data() + type.size(), version);
        return {2, -version};
    }
    if (type.starts_with("virtualbox")) {
        return {3, 0};
    }
    return {type.starts_with("xen") ? 4 : 6, 0};
}

Rank rank_of(const HardwareSection& section) {
    Rank best{section.system_types.empty() ? 5 : 6, 0};
    for (const std::string& type : section.system_types) {
        best = std::min(best, rank_of_type(type));
    }
    return best;
}

bool is_called(const HardwareSection& section, std::string_view type_or_id) {
    const auto& types = section.system_types;
    return section.id == type_or_id ||
           std::any_of(types.begin(), types.end(), [&](const std::string& type) {
               return base::to_lower(type) == base::to_lower(type_or_id);
           });
}

template <typename Visit>
void for_each_system(Content& content, const Visit& visit) {
    if (auto* system = std::get_if<VirtualSystem>(&content)) {
        visit(*system);
        return;
    }
    for (Content& member : std::get<VirtualSystemCollection>(content).members) {
        for_each_system(member, visit);
    }
}

bool holds_in(const HardwareItem& item, std::string_view configuration) {
    const auto& names = item.configurations;
    return names.empty() || std::find(names.begin(), names.end(), configuration) != names.end();
}

// An item without a bound is the normal one.
Bound bound_of(const HardwareItem& item) {
    return item.bound == Bound::none ? Bound::normal : item.bound;
}

Items items_with(const VirtualSystem& system, std::string_view configuration, Bound bound) {
    Items items;
    const HardwareSection* section = chosen_hardware(system);
    if (section == nullptr) {
        return items;
    }
    for (const HardwareItem& item : section->items) {
        if (bound_of(item) != bound || !holds_in(item, configuration)) {
            continue;
        }
        const auto same = std::find_if(items.begin(), items.end(), [&](const HardwareItem* other) {
            return !item.instance_id.empty() && other->instance_id == item.instance_id &&
                   item.configurations.empty() != other->configurations.empty();
        });
        if (same == items.end()) {
            items.push_back(&item);
        } else if (!item.configurations.empty()) {
            *same = &item;
        }
    }
    return items;
}

std::uint64_t bytes_of(const VirtualSystem& system, const HardwareItem& item) {
    // Without a unit the field means MiB.
    const auto factor = unit_factor(item.units.empty() ? "byte * 2^20" : item.units);
    const auto bytes = factor ? multiply(item.quantity.value_or(0), *factor) : std::nullopt;
    if (!bytes) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("the memory of virtual system '{}' cannot be told from {} times '{}'",
                        system.id, item.quantity.value_or(0), item.units));
    }
    return *bytes;
}

template <typename Amount>
std::uint64_t sum_of(const VirtualSystem& system, const Items& items, int type,
                     const Amount& amount) {
    std::uint64_t total = 0;
    for (const HardwareItem* item : items) {
        if (item->resource_type != type) {
            continue;
        }
        const std::uint64_t more = amount(*item);
        if (more > std::numeric_limits<std::uint64_t>::max() - total) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("virtual system '{}' wants more of resource {} than can "
                                          "be counted",
                                          system.id, type));
        }
        total += more;
    }
    return total;
}

template <typename Amount>
QuantityRange range_of(const VirtualSystem& system, std::string_view configuration, int type,
                       const Amount& amount) {
    const auto limit = [&](Bound bound) -> std::optional<std::uint64_t> {
        const Items items = items_with(system, configuration, bound);
        const bool any = std::any_of(items.begin(), items.end(), [&](const HardwareItem* item) {
            return item->resource_type == type;
        });
        return any ? std::optional(sum_of(system, items, type, amount)) : std::nullopt;
    };
    QuantityRange range;
    range.normal = sum_of(system, items_of(system, configuration), type, amount);
    range.minimum = limit(Bound::minimum);
    range.maximum = limit(Bound::maximum);
    return range;
}

std::uint64_t processors_of(const HardwareItem& item) {
    return std::min<std::uint64_t>(item.quantity.value_or(1), 1U << 20U);
}

bool is_true(std::string_view text) {
    const std::string value = base::to_lower(text);
    return value == "true" || value == "1";
}

void read_setting(const VendorSetting& setting, Firmware& firmware) {
    const std::string value = base::to_lower(setting.value);
    if (setting.key == "firmware") {
        firmware.kind = value == "efi"    ? Firmware::Kind::efi
                        : value == "bios" ? Firmware::Kind::bios
                                          : firmware.kind;
    } else if (setting.key == "bootOptions.efiSecureBootEnabled" ||
               setting.key == "uefi.secureBoot.enabled") {
        firmware.secure_boot = is_true(value);
    } else if (setting.key == "vtpm.present" && is_true(value)) {
        firmware.tpm = "2.0";
    }
}

// "<Firmware type="EFI64"/>", "<TrustedPlatformModule type="v2_0"/>" of vbox:Machine, at any depth.
void read_virtualbox(const xml::Element& element, Firmware& firmware) {
    const std::string type = base::to_lower(element.find_attribute("type").value_or(""));
    if (element.local_name == "Firmware") {
        firmware.kind = type.starts_with("efi") ? Firmware::Kind::efi : Firmware::Kind::bios;
    } else if (element.local_name == "TrustedPlatformModule") {
        firmware.tpm = type == "v1_2" ? "1.2" : type == "none" || type.empty() ? "" : "2.0";
    }
    for (const xml::Element& child : element.children) {
        read_virtualbox(child, firmware);
    }
}

}  // namespace

const HardwareSection* chosen_hardware(const VirtualSystem& system) {
    const auto best =
        std::min_element(system.hardware.begin(), system.hardware.end(),
                         [](const auto& a, const auto& b) { return rank_of(a) < rank_of(b); });
    return best == system.hardware.end() ? nullptr : &*best;
}

void choose_hardware(Envelope& envelope, std::string_view type_or_id) {
    std::set<std::string> known;
    bool any = false;
    const auto choose = [&](VirtualSystem& system) {
        for (const HardwareSection& section : system.hardware) {
            known.insert(section.system_types.begin(), section.system_types.end());
        }
        const auto wanted =
            std::find_if(system.hardware.begin(), system.hardware.end(),
                         [&](const HardwareSection& one) { return is_called(one, type_or_id); });
        if (wanted != system.hardware.end()) {
            any = true;
            HardwareSection section = std::move(*wanted);
            system.hardware.clear();
            system.hardware.push_back(std::move(section));
        }
    };
    if (envelope.content) {
        for_each_system(*envelope.content, choose);
    }
    if (!any) {
        throw base::Error(
            base::ErrorKind::not_found,
            fmt::format("no virtual system has hardware of the type '{}'", type_or_id),
            known.empty() ? "" : fmt::format("there is hardware of: {}", fmt::join(known, ", ")));
    }
}

std::vector<const HardwareItem*> items_of(const VirtualSystem& system,
                                          std::string_view configuration) {
    return items_with(system, configuration, Bound::normal);
}

std::uint32_t cpus_of(const VirtualSystem& system, std::string_view configuration) {
    const std::uint64_t cpus =
        sum_of(system, items_of(system, configuration), resource::kProcessor, processors_of);
    if (cpus > 4096) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("virtual system '{}' wants {} processors", system.id, cpus));
    }
    return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(cpus));
}

std::uint64_t memory_bytes_of(const VirtualSystem& system, std::string_view configuration) {
    return sum_of(system, items_of(system, configuration), resource::kMemory,
                  [&](const HardwareItem& item) { return bytes_of(system, item); });
}

QuantityRange cpu_range_of(const VirtualSystem& system, std::string_view configuration) {
    QuantityRange range = range_of(system, configuration, resource::kProcessor, processors_of);
    range.normal = std::max<std::uint64_t>(range.normal, 1);
    return range;
}

QuantityRange memory_range_of(const VirtualSystem& system, std::string_view configuration) {
    return range_of(system, configuration, resource::kMemory,
                    [&](const HardwareItem& item) { return bytes_of(system, item); });
}

Firmware firmware_of(const VirtualSystem& system) {
    Firmware firmware;
    for (const UnknownSection& section : system.unknown_sections) {
        if (section.name == "Machine" &&
            section.namespace_uri.find("virtualbox") != std::string::npos) {
            read_virtualbox(section.element, firmware);
        }
    }
    const HardwareSection* hardware = chosen_hardware(system);
    if (hardware == nullptr) {
        return firmware;
    }
    for (const VendorSetting& setting : hardware->settings) {
        read_setting(setting, firmware);
    }
    for (const HardwareItem& item : hardware->items) {
        if (item.resource_type == resource::kOther &&
            base::to_lower(item.resource_subtype) == "vmware.vtpm") {
            firmware.tpm = "2.0";
        }
    }
    return firmware;
}

std::string_view to_string(Firmware::Kind kind) {
    switch (kind) {
        case Firmware::Kind::unspecified: return "unspecified";
        case Firmware::Kind::bios: return "bios";
        case Firmware::Kind::efi: return "efi";
    }
    base::unreachable("firmware without a name");
}

MachineCount count_of(const Envelope& envelope, const VirtualSystem& system) {
    if (system.machine) {
        return system.machine->count;
    }
    for (const VirtualSystemCollection* collection : all_collections(envelope)) {
        for (const ScaleOut& scale_out : collection->scale_outs) {
            if (scale_out.id == system.id) {
                const std::uint32_t highest =
                    std::max(scale_out.maximum.value_or(scale_out.initial), scale_out.initial);
                return {scale_out.initial, scale_out.minimum, highest};
            }
        }
    }
    return {};
}

}  // namespace ovfkit
