// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/validate/system_checks.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/property/property_type.h"
#include "ovfkit/descriptor/property/property_value.h"
#include "ovfkit/descriptor/property/qualifiers.h"
#include "ovfkit/descriptor/units.h"
#include "ovfkit/descriptor/value_template.h"

namespace ovfkit {

namespace {

bool is_on_network(const VirtualSystem& system, const std::string& network) {
    return std::any_of(system.hardware.begin(), system.hardware.end(), [&](const auto& hardware) {
        return std::any_of(
            hardware.items.begin(), hardware.items.end(), [&](const HardwareItem& item) {
                return std::find(item.connections.begin(), item.connections.end(), network) !=
                       item.connections.end();
            });
    });
}

std::string reference_fault(const Envelope& envelope, const TemplateReference& reference) {
    const VirtualSystem* system = find_system(envelope, reference.machine);
    if (system == nullptr) {
        return fmt::format("unknown machine '{}'", reference.machine);
    }
    if (reference.kind != TemplateReference::Kind::property) {
        return is_on_network(*system, reference.name)
                   ? ""
                   : fmt::format("network '{}', which machine '{}' is not on", reference.name,
                                 reference.machine);
    }
    const auto properties = properties_of(envelope, *system, "");
    const bool known = std::any_of(properties.begin(), properties.end(),
                                   [&](const auto& one) { return one.key == reference.name; });
    return known ? ""
                 : fmt::format("unknown property '{}' of machine '{}'", reference.name,
                               reference.machine);
}

void check_template(const Envelope& envelope, const Property& property, Findings& findings) {
    try {
        for (const TemplatePart& part : parse_value_template(property.value_template)) {
            const std::string fault =
                part.reference ? reference_fault(envelope, *part.reference) : "";
            if (!fault.empty()) {
                findings.error(property.place, "unknown-reference",
                               fmt::format("the value '{}' of property '{}' refers to {}",
                                           property.value_template, property.key, fault));
            }
        }
    } catch (const base::Error& error) {
        findings.error(property.place, "bad-template",
                       fmt::format("property '{}': {}", property.key, error.message()));
    }
}

// Products are shipped with defaults that they would not accept from a user, so these are warnings.
void check_defaults(const Property& property, Findings& findings) {
    const Qualifiers qualifiers = parse_qualifiers(property.qualifiers);
    if (!qualifiers.fault.empty()) {
        findings.add(Severity::warning, property.place, "bad-qualifiers",
                     fmt::format("the qualifiers of property '{}' are not understood: {}",
                                 property.key, qualifiers.fault));
        return;
    }
    const auto check = [&](const std::string& value) {
        // An empty default is one that the user shall give.
        const auto fault = value.empty() ? std::nullopt : find_value_fault(property, value);
        if (fault) {
            findings.add(Severity::warning, property.place, "bad-default",
                         fmt::format("the default of property '{}' {}", property.key, *fault));
        }
    };
    check(property.value);
    for (const ConfigurationValue& value : property.values) {
        check(value.value);
    }
}

void check_property(const Envelope& envelope, const Property& property, Findings& findings) {
    if (!property.type.empty() && !parse_property_type(property.type)) {
        findings.error(
            property.place, "unknown-type",
            fmt::format("property '{}' is of the unknown type '{}'", property.key, property.type));
    }
    // DSP0243 9.5.1 forbids them; VMware's own appliances use them.
    if (property.key.find_first_of(".:") != std::string::npos) {
        findings.add(Severity::warning, property.place, "odd-key",
                     fmt::format("property '{}' has a '.' or ':' in its key", property.key));
    }
    for (const ConfigurationValue& value : property.values) {
        const auto& known = envelope.configurations;
        if (!value.configuration.empty() &&
            std::none_of(known.begin(), known.end(),
                         [&](const auto& one) { return one.id == value.configuration; })) {
            findings.error(property.place, "unknown-configuration",
                           fmt::format("property '{}' has a value for unknown configuration '{}'",
                                       property.key, value.configuration));
        }
    }
    check_defaults(property, findings);
    check_template(envelope, property, findings);
}

void check_item(const Envelope& envelope, const VirtualSystem& system, const HardwareItem& item,
                Findings& findings) {
    const std::string what = fmt::format("hardware item '{}' of '{}'", item.instance_id, system.id);
    for (const std::string& text : item.host_resources) {
        const auto resource = parse_host_resource(text);
        if (resource && resource->is_disk && find_disk(envelope, resource->id) == nullptr) {
            findings.error(item.place, "unknown-disk",
                           fmt::format("{} refers to unknown disk '{}'", what, resource->id));
        } else if (resource && !resource->is_disk && find_file(envelope, resource->id) == nullptr) {
            findings.error(item.place, "unknown-file",
                           fmt::format("{} refers to unknown file '{}'", what, resource->id));
        }
    }
    for (const std::string& network : item.connections) {
        if (item.resource_type == resource::kEthernet &&
            find_network(envelope, network) == nullptr) {
            findings.error(item.place, "unknown-network",
                           fmt::format("{} is connected to unknown network '{}'", what, network));
        }
    }
    if (item.resource_type == resource::kMemory && item.quantity) {
        const auto factor = unit_factor(item.units);
        if (!factor || !multiply(*factor, *item.quantity)) {
            findings.error(item.place, "bad-units",
                           fmt::format("{}: the amount of memory cannot be told from {} '{}'", what,
                                       *item.quantity, item.units));
        }
    }
}

void check_item_configurations(const Envelope& envelope, const VirtualSystem& system,
                               const HardwareItem& item, Findings& findings) {
    for (const std::string& name : item.configurations) {
        const auto& known = envelope.configurations;
        if (std::none_of(known.begin(), known.end(),
                         [&](const auto& one) { return one.id == name; })) {
            findings.error(item.place, "unknown-configuration",
                           fmt::format("hardware item '{}' of '{}' is for unknown configuration "
                                       "'{}'",
                                       item.instance_id, system.id, name));
        }
    }
}

// Items of one id are the same device with other limits or in other configurations. DSP0243 8.4.
void check_instance_ids(const VirtualSystem& system, const HardwareSection& section,
                        Findings& findings) {
    std::set<std::tuple<std::string, HardwareItem::Bound, std::vector<std::string>>> seen;
    for (const HardwareItem& item : section.items) {
        if (item.instance_id.empty()) {
            findings.error(item.place, "missing-instance-id",
                           fmt::format("the hardware item '{}' of '{}' has no InstanceID",
                                       item.element_name, system.id));
        } else if (!seen.emplace(item.instance_id, item.bound, item.configurations).second) {
            findings.error(item.place, "duplicate-instance-id",
                           fmt::format("hardware item '{}' of '{}' stands twice", item.instance_id,
                                       system.id));
        }
    }
}

void check_hardware(const Envelope& envelope, const VirtualSystem& system, Findings& findings) {
    for (const HardwareSection& section : system.hardware) {
        check_instance_ids(system, section, findings);
        std::set<std::string> ids;
        for (const HardwareItem& item : section.items) {
            ids.insert(item.instance_id);
        }
        for (const HardwareItem& item : section.items) {
            check_item(envelope, system, item, findings);
            check_item_configurations(envelope, system, item, findings);
            if (!item.parent.empty() && !ids.contains(item.parent)) {
                // Later files have it and mean no harm: the device gets a controller of ours.
                findings.add(envelope.version == "0.9" ? Severity::error : Severity::warning,
                             item.place, "unknown-parent",
                             fmt::format("hardware item '{}' of '{}' has unknown parent '{}'",
                                         item.instance_id, system.id, item.parent));
            }
        }
    }
}

void check_machine(const Envelope& envelope, const VirtualSystem& system,
                   const MachineSection& machine, Findings& findings) {
    const auto check_file = [&](const std::string& id, std::string_view what) {
        if (!id.empty() && find_file(envelope, id) == nullptr) {
            findings.error(
                machine.place, "unknown-file",
                fmt::format("the {} of '{}' is the unknown file '{}'", what, system.id, id));
        }
    };
    if (machine.boot) {
        check_file(machine.boot->kernel_file, "kernel");
        check_file(machine.boot->initrd_file, "initrd");
    }
    const MachineCount& count = machine.count;
    if (count.minimum > count.initial || count.initial > count.maximum || count.maximum == 0) {
        findings.error(machine.place, "bad-count",
                       fmt::format("the number of machines of '{}' must be {} <= {} <= {}",
                                   system.id, count.minimum, count.initial, count.maximum));
    }
}

}  // namespace

void check_products(const Envelope& envelope, const std::string& owner,
                    const std::vector<ProductSection>& products, Findings& findings) {
    std::set<std::pair<std::string, std::string>> sections;
    for (const ProductSection& section : products) {
        if (!sections.emplace(section.class_name, section.instance).second) {
            findings.error(section.place, "duplicate-product",
                           fmt::format("'{}' has two ProductSections of class '{}', instance '{}'",
                                       owner, section.class_name, section.instance));
        }
        for (const Icon& icon : section.icons) {
            if (!icon.file_ref.empty() && find_file(envelope, icon.file_ref) == nullptr) {
                findings.error(
                    icon.place, "unknown-file",
                    fmt::format("an icon of '{}' is the unknown file '{}'", owner, icon.file_ref));
            }
        }
        std::set<std::string> keys;
        for (const Property& property : section.properties) {
            if (!property.key.empty() && !keys.insert(property.key).second) {
                findings.error(
                    property.place, "duplicate-key",
                    fmt::format("property '{}' of '{}' stands twice", property.key, owner));
            }
            check_property(envelope, property, findings);
        }
    }
}

void check_system(const Envelope& envelope, const VirtualSystem& system, Findings& findings) {
    check_hardware(envelope, system, findings);
    check_products(envelope, system.id, system.products, findings);
    if (system.machine) {
        check_machine(envelope, system, *system.machine, findings);
    }
}

}  // namespace ovfkit
