// SPDX-License-Identifier: Apache-2.0
#include "cli/machine_json.h"

#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/property/qualifiers.h"

namespace cli {

namespace {

using base::Json;
using ovfkit::Envelope;
using ovfkit::VirtualSystem;

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json disk_json(const ovfkit::AttachedDisk& attached) {
    Json json{{"kind", attached.is_cdrom ? "cdrom" : "disk"}};
    json["id"] = nullptr;
    json["capacity_bytes"] = nullptr;
    json["file"] = attached.file == nullptr ? Json(nullptr) : Json(attached.file->href);
    json["controller"] = attached.controller == nullptr
                             ? Json(nullptr)
                             : Json(attached.controller->resource_subtype);
    if (attached.disk != nullptr) {
        const ovfkit::Disk& disk = *attached.disk;
        json["id"] = disk.id;
        json["capacity_bytes"] = disk.capacity_bytes;
        json["capacity_property"] = text_or_null(disk.capacity_property);
        json["populated_bytes"] = optional_json(disk.populated_bytes);
        json["format"] = text_or_null(disk.format);
        json["parent"] = text_or_null(disk.parent_ref);
        json["shared"] = disk.shared;
    }
    return json;
}

Json qualifiers_json(const ovfkit::Property& property) {
    if (property.qualifiers.empty()) {
        return nullptr;
    }
    const ovfkit::Qualifiers qualifiers = ovfkit::parse_qualifiers(property.qualifiers);
    return {{"text", property.qualifiers},
            {"min_length", optional_json(qualifiers.min_length)},
            {"max_length", optional_json(qualifiers.max_length)},
            {"min_value", optional_json(qualifiers.min_value)},
            {"max_value", optional_json(qualifiers.max_value)},
            {"values", qualifiers.value_map},
            {"ip", qualifiers.is_ip}};
}

// The value of a password is never part of the output, not even as JSON.
Json property_json(const ovfkit::EffectiveProperty& one) {
    const ovfkit::Property& property = *one.property;
    const bool shown = one.has_value && !property.password;
    return {{"key", one.key},
            {"type", property.type},
            {"qualifiers", qualifiers_json(property)},
            {"value", shown ? Json(one.value) : Json(nullptr)},
            {"password", property.password},
            {"user_configurable", property.user_configurable},
            {"required", property.required},
            {"generated", property.generate_length > 0},
            {"value_template", property.value_template},
            {"category", property.category},
            {"label", property.label},
            {"description", property.description}};
}

Json endpoint_json(const ovfkit::Endpoint& endpoint) {
    return {{"direction", to_string(endpoint.direction)},
            {"name", endpoint.name},
            {"protocol", endpoint.protocol},
            {"port", optional_json(endpoint.port)},
            {"port_property", text_or_null(endpoint.port_property)},
            {"host_property", text_or_null(endpoint.host_property)},
            {"machine", text_or_null(endpoint.machine)},
            {"input", text_or_null(endpoint.input)},
            {"network", text_or_null(endpoint.network)}};
}

Json range_json(const ovfkit::QuantityRange& range) {
    return {{"minimum", optional_json(range.minimum)}, {"maximum", optional_json(range.maximum)}};
}

Json firmware_json(const VirtualSystem& system) {
    const ovfkit::Firmware firmware = ovfkit::firmware_of(system);
    return {{"kind", to_string(firmware.kind)},
            {"secure_boot", firmware.secure_boot},
            {"tpm", text_or_null(firmware.tpm)}};
}

Json hardware_json(const VirtualSystem& system) {
    Json sections = array_of(system.hardware, [&](const ovfkit::HardwareSection& section) {
        return Json{{"id", text_or_null(section.id)},
                    {"types", section.system_types},
                    {"chosen", &section == ovfkit::chosen_hardware(system)}};
    });
    return sections;
}

Json boot_json(const VirtualSystem& system) {
    Json order = Json::array();
    for (const ovfkit::BootConfiguration& one : system.boot_configurations) {
        for (const ovfkit::BootSource& source : one.sources) {
            order.push_back({{"caption", source.caption},
                             {"item", text_or_null(source.instance_id)},
                             {"boot_string", source.boot_string}});
        }
    }
    return order;
}

// What most machines do not have.
void add_rare_parts(Json& json, const Envelope& envelope, const VirtualSystem& system) {
    if (system.install) {
        json["install"] = {{"initial_boot", system.install->initial_boot},
                           {"stop_delay_seconds", system.install->stop_delay_seconds}};
    }
    if (!system.boot_configurations.empty()) {
        json["boot_order"] = boot_json(system);
    }
    if (!system.environment_files.empty()) {
        json["environment_files"] =
            array_of(system.environment_files, [](const ovfkit::EnvironmentFile& file) {
                return Json{{"file", file.file_ref}, {"path", file.path}};
            });
    }
    if (system.placement) {
        json["placement_group"] = system.placement->group;
    }
    const ovfkit::MachineCount count = ovfkit::count_of(envelope, system);
    if (system.machine || count != ovfkit::MachineCount{}) {
        json["count"] = {
            {"initial", count.initial}, {"minimum", count.minimum}, {"maximum", count.maximum}};
    }
    if (system.machine) {
        json["direct_boot"] = system.machine->boot.has_value();
        if (!system.machine->endpoints.empty()) {
            json["endpoints"] = array_of(system.machine->endpoints, endpoint_json);
        }
        if (const auto& ready = system.machine->ready) {
            json["ready"] = {{"kind", to_string(ready->kind)},
                             {"target", ready->target},
                             {"timeout_seconds", ready->timeout.count()}};
        }
    }
}

}  // namespace

Json machine_json(const Envelope& envelope, const VirtualSystem& system,
                  const std::string& configuration) {
    Json json{{"id", system.id},
              {"name", display_name(system)},
              {"os", system.os ? Json(system.os->description) : Json(nullptr)},
              {"os_id", system.os ? Json(system.os->id) : Json(nullptr)},
              {"annotation", system.annotation},
              {"cpus", cpus_of(system, configuration)},
              {"cpu_limits", range_json(cpu_range_of(system, configuration))},
              {"memory_bytes", memory_bytes_of(system, configuration)},
              {"memory_limits", range_json(memory_range_of(system, configuration))},
              {"firmware", firmware_json(system)},
              {"hardware", hardware_json(system)},
              {"disks", array_of(disks_of(envelope, system, configuration), disk_json)}};
    json["nics"] = array_of(nics_of(system, configuration), [](const ovfkit::AttachedNic& nic) {
        return Json{
            {"network", nic.network}, {"mac", nic.mac}, {"model", nic.item->resource_subtype}};
    });
    json["properties"] = array_of(properties_of(system, configuration), property_json);
    add_rare_parts(json, envelope, system);
    return json;
}

}  // namespace cli
