// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/properties.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace hvruntime::agent {

void write_properties(const std::vector<Property>& properties, const Places& places) {
    base::Json json = base::Json::object();
    for (const Property& property : properties) {
        json[property.key] = property.value;
    }
    base::write_file(places.properties(), base::to_json_text(json, 2) + "\n", 0600);
}

std::map<std::string, std::string> read_properties(const Places& places) {
    std::map<std::string, std::string> properties;
    if (std::filesystem::exists(places.properties())) {
        const base::Json json =
            base::parse_json(base::read_file(places.properties()), places.properties().string());
        for (const auto& [key, value] : json.items()) {
            properties[key] = value.is_string() ? value.get<std::string>() : "";
        }
    }
    return properties;
}

void write_machine_facts(const GuestConfig& config, const Places& places) {
    base::Json addresses = base::Json::array();
    for (const Interface& interface : config.interfaces) {
        if (!interface.address.empty()) {
            addresses.push_back(interface.address.substr(0, interface.address.find('/')));
        }
    }
    const base::Json json = {{"instance_id", config.instance_id}, {"addresses", addresses}};
    base::write_file(places.machine(), base::to_json_text(json, 2) + "\n", 0600);
}

MachineFacts read_machine_facts(const Places& places) {
    MachineFacts facts;
    if (std::filesystem::exists(places.machine())) {
        const base::Json json =
            base::parse_json(base::read_file(places.machine()), places.machine().string());
        facts.instance_id = base::string_or(json, "instance_id", "");
        if (json.contains("addresses")) {
            facts.addresses = json["addresses"].get<std::vector<std::string>>();
        }
    }
    return facts;
}

}  // namespace hvruntime::agent
