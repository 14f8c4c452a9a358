// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/envelope_queries.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/hardware_queries.h"

namespace ovfkit {

namespace {

constexpr std::size_t kMostLayers = 64;  // VMware stops at 32

template <typename Visit>
void walk(const Content& content, const Visit& visit) {
    visit(content);
    if (const auto* collection = std::get_if<VirtualSystemCollection>(&content)) {
        for (const Content& member : collection->members) {
            walk(member, visit);
        }
    }
}

template <typename T>
std::vector<const T*> all_of_kind(const Envelope& envelope) {
    std::vector<const T*> found;
    if (envelope.content) {
        walk(*envelope.content, [&](const Content& content) {
            if (const T* one = std::get_if<T>(&content)) {
                found.push_back(one);
            }
        });
    }
    return found;
}

template <typename T, typename Match>
const T* find_in(const std::vector<T>& list, const Match& match) {
    const auto found = std::find_if(list.begin(), list.end(), match);
    return found == list.end() ? nullptr : &*found;
}

bool is_storage_type(int type) {
    return type == resource::kDisk || type == resource::kLogicalDisk;
}

bool is_cdrom_type(int type) {
    return type == resource::kCdDrive || type == resource::kDvdDrive;
}

std::string normal_mac(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (std::isxdigit(static_cast<unsigned char>(c)) != 0) {
            digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (c != ':' && c != '-' && c != '.') {
            return "";
        }
    }
    if (digits.size() != 12) {
        return "";
    }
    std::string mac;
    for (std::size_t i = 0; i < 12; i += 2) {
        mac += (i > 0 ? ":" : "") + digits.substr(i, 2);
    }
    return mac;
}

AttachedDisk attach(const Envelope& envelope, const HardwareItem& item,
                    const std::vector<const HardwareItem*>& items) {
    AttachedDisk attached;
    attached.item = &item;
    attached.is_cdrom = is_cdrom_type(item.resource_type);
    for (const HardwareItem* candidate : items) {
        if (!item.parent.empty() && candidate->instance_id == item.parent) {
            attached.controller = candidate;
        }
    }
    if (item.host_resources.empty()) {
        return attached;
    }
    const auto resource = parse_host_resource(item.host_resources.front());
    if (resource && resource->is_disk) {
        attached.disk = find_disk(envelope, resource->id);
        if (attached.disk != nullptr) {
            attached.file = find_file(envelope, attached.disk->file_ref);
        }
    } else if (resource) {
        attached.file = find_file(envelope, resource->id);
    }
    return attached;
}

}  // namespace

std::vector<const VirtualSystem*> all_systems(const Envelope& envelope) {
    return all_of_kind<VirtualSystem>(envelope);
}

std::vector<const VirtualSystemCollection*> all_collections(const Envelope& envelope) {
    return all_of_kind<VirtualSystemCollection>(envelope);
}

const std::string& display_name(const VirtualSystem& system) {
    return system.name.empty() ? system.id : system.name;
}

const VirtualSystem* find_system(const Envelope& envelope, std::string_view id) {
    const auto systems = all_systems(envelope);
    const auto found = std::find_if(systems.begin(), systems.end(),
                                    [&](const VirtualSystem* one) { return one->id == id; });
    return found == systems.end() ? nullptr : *found;
}

const FileReference* find_file(const Envelope& envelope, std::string_view id) {
    return find_in(envelope.files, [&](const FileReference& file) { return file.id == id; });
}

const Disk* find_disk(const Envelope& envelope, std::string_view id) {
    return find_in(envelope.disks, [&](const Disk& disk) { return disk.id == id; });
}

const Network* find_network(const Envelope& envelope, std::string_view name) {
    return find_in(envelope.networks, [&](const Network& network) { return network.name == name; });
}

const AssemblySection* find_assembly(const Envelope& envelope) {
    if (!envelope.content) {
        return nullptr;
    }
    const auto& assembly = std::visit(
        [](const auto& top) -> const auto& { return top.assembly; }, *envelope.content);
    return assembly ? &*assembly : nullptr;
}

bool is_isolated(const Envelope& envelope, std::string_view network) {
    const AssemblySection* assembly = find_assembly(envelope);
    return assembly != nullptr &&
           std::find(assembly->isolated_networks.begin(), assembly->isolated_networks.end(),
                     network) != assembly->isolated_networks.end();
}

std::string default_configuration(const Envelope& envelope) {
    const auto* marked = find_in(envelope.configurations,
                                 [](const DeploymentConfiguration& one) { return one.is_default; });
    if (marked != nullptr) {
        return marked->id;
    }
    return envelope.configurations.empty() ? "" : envelope.configurations.front().id;
}

std::optional<HostResource> parse_host_resource(std::string_view text) {
    if (text.starts_with("ovf:")) {
        text.remove_prefix(4);
    }
    text.remove_prefix(std::min(text.find_first_not_of('/'), text.size()));
    for (const std::string_view kind : {"disk/", "file/"}) {
        if (text.starts_with(kind) && text.size() > kind.size()) {
            return HostResource{kind == "disk/", std::string(text.substr(kind.size()))};
        }
    }
    return std::nullopt;
}

std::vector<const Disk*> layers_of(const Envelope& envelope, const Disk& disk) {
    std::vector<const Disk*> layers;
    const Disk* one = &disk;
    // More steps than there are disks are a circle.
    for (std::size_t step = 0; one != nullptr; ++step) {
        if (step > envelope.disks.size()) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("disk '{}' is its own ancestor", disk.id));
        }
        if (!one->file_ref.empty()) {
            layers.push_back(one);
        }
        if (layers.size() > kMostLayers) {
            throw base::Error(
                base::ErrorKind::unsupported,
                fmt::format("disk '{}' has more than {} ancestors", disk.id, kMostLayers));
        }
        const Disk* parent =
            one->parent_ref.empty() ? nullptr : find_disk(envelope, one->parent_ref);
        if (parent == nullptr && !one->parent_ref.empty()) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("disk '{}' refers to unknown parent disk '{}'", one->id,
                                          one->parent_ref));
        }
        one = parent;
    }
    return layers;
}

std::vector<AttachedDisk> disks_of(const Envelope& envelope, const VirtualSystem& system,
                                   std::string_view configuration) {
    const auto items = items_of(system, configuration);
    std::vector<AttachedDisk> disks;
    for (const HardwareItem* item : items) {
        if (is_storage_type(item->resource_type) || is_cdrom_type(item->resource_type)) {
            disks.push_back(attach(envelope, *item, items));
        }
    }
    const auto position = [&](const AttachedDisk& one) {
        return std::find(items.begin(), items.end(), one.controller) - items.begin();
    };
    std::stable_sort(disks.begin(), disks.end(), [&](const AttachedDisk& a, const AttachedDisk& b) {
        const auto key = [&](const AttachedDisk& one) {
            return std::tuple(one.is_cdrom, position(one),
                              one.item->address_on_parent.value_or(0xFFFF));
        };
        return key(a) < key(b);
    });
    return disks;
}

std::vector<AttachedNic> nics_of(const VirtualSystem& system, std::string_view configuration) {
    std::vector<AttachedNic> nics;
    for (const HardwareItem* item : items_of(system, configuration)) {
        if (item->resource_type == resource::kEthernet) {
            nics.push_back({item, item->connections.empty() ? "" : item->connections.front(),
                            normal_mac(item->address)});
        }
    }
    return nics;
}

namespace {

std::vector<EffectiveProperty> properties_in(const std::vector<ProductSection>& products,
                                             const VirtualSystemCollection* from,
                                             std::string_view configuration) {
    std::vector<EffectiveProperty> properties;
    for (const ProductSection& section : products) {
        for (const Property& property : section.properties) {
            EffectiveProperty one{
                &section,       &property,          environment_key(section, property),
                property.value, property.has_value, from};
            const auto* value = find_in(property.values, [&](const ConfigurationValue& candidate) {
                return candidate.configuration == configuration;
            });
            if (value != nullptr && !configuration.empty()) {
                one.value = value->value;
                one.has_value = true;
            }
            properties.push_back(std::move(one));
        }
    }
    return properties;
}

// The collections around the system, the outermost first. False: it is not in there. The depth is
// that of the XML, which its reader bounds.
bool find_way(const Content& content, const VirtualSystem& system,
              std::vector<const VirtualSystemCollection*>& way) {
    if (const auto* found = std::get_if<VirtualSystem>(&content)) {
        return found == &system;
    }
    const auto& collection = std::get<VirtualSystemCollection>(content);
    way.push_back(&collection);
    for (const Content& member : collection.members) {
        if (find_way(member, system, way)) {
            return true;
        }
    }
    way.pop_back();
    return false;
}

}  // namespace

std::vector<EffectiveProperty> properties_of(const VirtualSystem& system,
                                             std::string_view configuration) {
    return properties_in(system.products, nullptr, configuration);
}

std::vector<EffectiveProperty> properties_of(const Envelope& envelope, const VirtualSystem& system,
                                             std::string_view configuration) {
    std::vector<EffectiveProperty> properties = properties_of(system, configuration);
    std::vector<const VirtualSystemCollection*> way;
    if (!envelope.content || !find_way(*envelope.content, system, way)) {
        return properties;
    }
    std::set<std::string, std::less<>> known;
    for (const EffectiveProperty& one : properties) {
        known.insert(one.key);
    }
    for (auto collection = way.rbegin(); collection != way.rend(); ++collection) {
        for (EffectiveProperty& one :
             properties_in((*collection)->products, *collection, configuration)) {
            if (known.insert(one.key).second) {
                properties.push_back(std::move(one));
            }
        }
    }
    return properties;
}

}  // namespace ovfkit
