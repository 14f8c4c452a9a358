// SPDX-License-Identifier: Apache-2.0
// The guestbook assembly as an envelope made by hand: three machines, two networks, values that
// refer to each other.
#pragma once

#include "ovfkit/descriptor/envelope.h"

namespace tests {

inline ovfkit::HardwareItem item(int type, std::string id) {
    return {.resource_type = type, .element_name = "item " + id, .instance_id = std::move(id)};
}

inline ovfkit::VirtualSystem make_system(const std::string& id, const std::string& disk,
                                         const std::vector<std::string>& networks) {
    ovfkit::HardwareSection hardware{.system_types = {"vmx-10"}};
    hardware.items.push_back(item(ovfkit::resource::kProcessor, "1"));
    hardware.items.back().quantity = 1;
    hardware.items.push_back(item(ovfkit::resource::kMemory, "2"));
    hardware.items.back().quantity = 256;
    hardware.items.back().units = "byte * 2^20";
    hardware.items.push_back(item(ovfkit::resource::kScsiController, "3"));
    hardware.items.back().resource_subtype = "VirtualSCSI";
    hardware.items.push_back(item(ovfkit::resource::kDisk, "4"));
    hardware.items.back().parent = "3";
    hardware.items.back().host_resources = {"ovf:/disk/" + disk};
    int next = 5;
    for (const std::string& network : networks) {
        hardware.items.push_back(item(ovfkit::resource::kEthernet, std::to_string(next++)));
        hardware.items.back().resource_subtype = "VmxNet3";
        hardware.items.back().connections = {network};
    }
    return {.id = id, .name = id, .hardware = {hardware}};
}

inline ovfkit::Envelope guestbook_envelope() {
    using ovfkit::Property;
    ovfkit::Envelope envelope{.id = "guestbook", .name = "guestbook", .version = "1.1"};
    envelope.networks = {{.name = "back"}, {.name = "front"}};
    for (const std::string name : {"db", "app", "web"}) {
        envelope.files.push_back({.id = name + "-file", .href = name + "-disk1.vmdk"});
        envelope.disks.push_back({.id = name + "-disk",
                                  .capacity_bytes = 1ULL << 30U,
                                  .file_ref = name + "-file",
                                  .format = "http://www.vmware.com/interfaces/specifications/"
                                            "vmdk.html#streamOptimized"});
    }
    envelope.files.push_back({.id = "kernel", .href = "kernel"});
    ovfkit::VirtualSystemCollection all{.id = "guestbook", .name = "guestbook"};
    ovfkit::VirtualSystem db = make_system("db", "db-disk", {"back"});
    db.products = {
        {.properties = {Property{
             .key = "password", .type = "string", .password = true, .generate_length = 24}}}};
    ovfkit::VirtualSystem app = make_system("app", "app-disk", {"back", "front"});
    app.products = {{.properties = {Property{.key = "db.host", .value_template = "${db.ip.back}"},
                                    Property{.key = "db.password",
                                             .password = true,
                                             .value_template = "${db.password}"}}}};
    ovfkit::VirtualSystem web = make_system("web", "web-disk", {"front"});
    web.products = {
        {.properties = {
             Property{
                 .key = "title", .value = "Hello", .has_value = true, .user_configurable = true},
             Property{.key = "upstream", .value_template = "${app.ips.front}"}}}};
    for (ovfkit::VirtualSystem* system : {&db, &app, &web}) {
        system->machine = ovfkit::MachineSection{
            .boot = ovfkit::DirectBoot{.kernel_file = "kernel", .command_line = "root=LABEL=root"},
            .ready = ovfkit::Readiness{.target = "app.ready"}};
    }
    all.members = {db, app, web};
    all.startup = {{.id = "db", .order = 1, .stop_action = "guestShutdown"},
                   {.id = "app", .order = 2, .stop_action = "guestShutdown"},
                   {.id = "web", .order = 3, .stop_action = "guestShutdown"}};
    all.assembly =
        ovfkit::AssemblySection{.name = "guestbook",
                                .version = "1.0.0",
                                .publish = {{.machine = "web", .port = 80, .name = "http"}},
                                .isolated_networks = {"back"}};
    envelope.content = all;
    return envelope;
}

// Changes one virtual system of an envelope made above.
inline ovfkit::VirtualSystem& system_of(ovfkit::Envelope& envelope, std::size_t index) {
    auto& all = std::get<ovfkit::VirtualSystemCollection>(*envelope.content);
    return std::get<ovfkit::VirtualSystem>(all.members.at(index));
}

}  // namespace tests
