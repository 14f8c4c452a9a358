// SPDX-License-Identifier: Apache-2.0
#include "cli/machine_json.h"
#include "cli/package_summary.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/messages/localise.h"

namespace cli {

namespace {

using base::Json;
using ovfkit::Envelope;
using ovfkit::VirtualSystem;

Json products_json(const std::vector<ovfkit::ProductSection>& products) {
    return array_of(products, [](const ovfkit::ProductSection& product) {
        return Json{{"product", product.product},
                    {"vendor", product.vendor},
                    {"version", product.version},
                    {"full_version", product.full_version},
                    {"url", product.product_url},
                    {"icons", array_of(product.icons, [](const ovfkit::Icon& icon) {
                         return Json{{"file", icon.file_ref}, {"mime_type", icon.mime_type}};
                     })}};
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
            {"compression", file.compression},
            {"chunk_size", optional_json(file.chunk_size)}};
}

// Sections that were kept without being understood.
Json unknown_json(const Envelope& envelope) {
    Json array = Json::array();
    const auto add = [&](const std::string& owner,
                         const std::vector<ovfkit::UnknownSection>& sections) {
        for (const ovfkit::UnknownSection& section : sections) {
            array.push_back(
                {{"of", owner}, {"name", section.name}, {"namespace", section.namespace_uri}});
        }
    };
    add("", envelope.unknown_sections);
    for (const auto* collection : all_collections(envelope)) {
        add(collection->id, collection->unknown_sections);
    }
    for (const VirtualSystem* system : all_systems(envelope)) {
        add(system->id, system->unknown_sections);
    }
    return array;
}

// What most descriptors do not have.
void add_rare_parts(Json& json, const Envelope& envelope) {
    if (!envelope.placement_groups.empty()) {
        json["placement_groups"] =
            array_of(envelope.placement_groups, [](const ovfkit::PlacementGroup& group) {
                return Json{{"id", group.id}, {"policy", group.policy}};
            });
    }
    if (!envelope.encryption.empty()) {
        json["encrypted_files"] = Json::array();
        for (const ovfkit::EncryptionSection& section : envelope.encryption) {
            append(json["encrypted_files"], Json(section.hrefs));
        }
    }
}

}  // namespace

Json inspection_to_json(const ovfkit::Inspection& inspection, const std::string& configuration) {
    const Envelope& envelope = inspection.envelope;
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
        if (system->assembly) {
            append(json["published"], array_of(system->assembly->publish, publish_json));
        }
        json["machines"].push_back(machine_json(envelope, *system, configuration));
    }
    json["networks"] = array_of(envelope.networks, [&](const ovfkit::Network& network) {
        return Json{{"name", network.name},
                    {"description", network.description},
                    {"isolated", is_isolated(envelope, network.name)}};
    });
    json["configurations"] =
        array_of(envelope.configurations, [](const ovfkit::DeploymentConfiguration& one) {
            return Json{{"id", one.id},
                        {"label", one.label},
                        {"description", one.description},
                        {"default", one.is_default}};
        });
    json["languages"] = ovfkit::languages_of(envelope);
    json["not_understood"] = unknown_json(envelope);
    add_rare_parts(json, envelope);
    json["files"] = array_of(envelope.files, file_json);
    json["package"] = inspection.package ? to_json(*inspection.package) : Json(nullptr);
    return json;
}

}  // namespace cli
