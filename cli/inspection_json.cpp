// SPDX-License-Identifier: Apache-2.0
#include "cli/package_summary.h"
#include "ovfkit/descriptor/envelope_queries.h"

namespace cli {

namespace {

using base::Json;
using ovfkit::Envelope;
using ovfkit::VirtualSystem;

template <typename T, typename Fn>
Json array_of(const std::vector<T>& items, const Fn& to_object) {
    Json array = Json::array();
    for (const T& item : items) {
        array.push_back(to_object(item));
    }
    return array;
}

template <typename T>
Json optional_json(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json disk_json(const ovfkit::AttachedDisk& disk) {
    Json json{{"kind", disk.is_cdrom ? "cdrom" : "disk"}};
    json["id"] = disk.disk == nullptr ? Json(nullptr) : Json(disk.disk->id);
    json["capacity_bytes"] = disk.disk == nullptr ? Json(nullptr) : Json(disk.disk->capacity_bytes);
    json["file"] = disk.file == nullptr ? Json(nullptr) : Json(disk.file->href);
    return json;
}

// The value of a password is never part of the output, not even as JSON.
Json property_json(const ovfkit::EffectiveProperty& one) {
    const ovfkit::Property& property = *one.property;
    const bool shown = one.has_value && !property.password;
    return {{"key", one.key},
            {"type", property.type},
            {"value", shown ? Json(one.value) : Json(nullptr)},
            {"password", property.password},
            {"user_configurable", property.user_configurable},
            {"required", property.required},
            {"generated", property.generate_length > 0},
            {"value_template", property.value_template},
            {"label", property.label},
            {"description", property.description}};
}

Json machine_json(const Envelope& envelope, const VirtualSystem& system,
                  const std::string& configuration) {
    Json json{{"id", system.id},
              {"name", display_name(system)},
              {"os", system.os ? Json(system.os->description) : Json(nullptr)},
              {"cpus", cpus_of(system, configuration)},
              {"memory_bytes", memory_bytes_of(system, configuration)},
              {"disks", array_of(disks_of(envelope, system, configuration), disk_json)}};
    json["nics"] = array_of(nics_of(system, configuration), [](const ovfkit::AttachedNic& nic) {
        return Json{{"network", nic.network}, {"mac", nic.mac}};
    });
    json["properties"] = array_of(properties_of(system, configuration), property_json);
    if (system.machine) {
        const auto& count = system.machine->count;
        json["count"] = {
            {"initial", count.initial}, {"minimum", count.minimum}, {"maximum", count.maximum}};
        json["direct_boot"] = system.machine->boot.has_value();
        if (const auto& ready = system.machine->ready) {
            json["ready"] = {{"kind", to_string(ready->kind)},
                             {"target", ready->target},
                             {"timeout_seconds", ready->timeout.count()}};
        }
    }
    return json;
}

Json products_json(const std::vector<ovfkit::ProductSection>& products) {
    return array_of(products, [](const ovfkit::ProductSection& product) {
        return Json{{"product", product.product},
                    {"vendor", product.vendor},
                    {"version", product.version},
                    {"full_version", product.full_version},
                    {"url", product.product_url}};
    });
}

Json startup_json(const ovfkit::StartupItem& item) {
    return {{"id", item.id},
            {"order", item.order},
            {"start_delay_seconds", item.start_delay_seconds},
            {"waiting_for_guest", item.waiting_for_guest},
            {"start_action", item.start_action},
            {"stop_action", item.stop_action}};
}

Json publish_json(const ovfkit::Publish& publish) {
    return {{"machine", publish.machine},
            {"port", publish.port},
            {"name", publish.name},
            {"host_port", optional_json(publish.host_port)}};
}

void append(Json& array, const Json& more) {
    array.insert(array.end(), more.begin(), more.end());
}

Json file_json(const ovfkit::FileReference& file) {
    return {{"id", file.id},
            {"href", file.href},
            {"size", optional_json(file.size)},
            {"compression", file.compression}};
}

}  // namespace

Json inspection_to_json(const ovfkit::Inspection& inspection) {
    const Envelope& envelope = inspection.envelope;
    const std::string configuration = default_configuration(envelope);
    Json json{{"name", envelope.name},
              {"id", envelope.id},
              {"descriptor", inspection.descriptor_name},
              {"ovf_version", envelope.version},
              {"configuration", configuration}};
    json["products"] = Json::array();
    json["machines"] = Json::array();
    json["startup"] = Json::array();
    json["published"] = Json::array();
    json["licences"] = Json::array();
    const auto add_licences = [&](const std::vector<ovfkit::Eula>& eulas) {
        append(json["licences"],
               array_of(eulas, [](const ovfkit::Eula& eula) { return Json(eula.license); }));
    };
    for (const auto* collection : all_collections(envelope)) {
        append(json["products"], products_json(collection->products));
        append(json["startup"], array_of(collection->startup, startup_json));
        add_licences(collection->eulas);
        if (collection->assembly) {
            append(json["published"], array_of(collection->assembly->publish, publish_json));
        }
    }
    for (const VirtualSystem* system : all_systems(envelope)) {
        append(json["products"], products_json(system->products));
        add_licences(system->eulas);
        json["machines"].push_back(machine_json(envelope, *system, configuration));
    }
    json["networks"] = array_of(envelope.networks, [&](const ovfkit::Network& network) {
        return Json{{"name", network.name},
                    {"description", network.description},
                    {"isolated", is_isolated(envelope, network.name)}};
    });
    json["configurations"] =
        array_of(envelope.configurations, [](const ovfkit::DeploymentConfiguration& one) {
            return Json{{"id", one.id}, {"label", one.label}, {"default", one.is_default}};
        });
    json["files"] = array_of(envelope.files, file_json);
    json["package"] = inspection.package ? to_json(*inspection.package) : Json(nullptr);
    return json;
}

}  // namespace cli
