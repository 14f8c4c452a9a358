// SPDX-License-Identifier: Apache-2.0
// An envelope that uses every part of the model.
#pragma once

#include "ovfkit/descriptor/envelope.h"

namespace tests {

inline ovfkit::HardwareItem item(int type, std::string id, std::string name) {
    ovfkit::HardwareItem one;
    one.resource_type = type;
    one.instance_id = std::move(id);
    one.element_name = std::move(name);
    return one;
}

inline ovfkit::HardwareSection sample_hardware(const std::string& disk,
                                               const std::string& network) {
    using namespace ovfkit;  // NOLINT: a test file
    HardwareItem cpu = item(resource::kProcessor, "1", "processors");
    cpu.quantity = 2;
    HardwareItem many_cpus = cpu;
    many_cpus.quantity = 4;
    many_cpus.configurations = {"large"};
    HardwareItem memory = item(resource::kMemory, "2", "memory");
    memory.quantity = 512;
    memory.units = "byte * 2^20";
    HardwareItem limit = memory;
    limit.quantity = 4096;
    limit.bound = HardwareItem::Bound::maximum;
    HardwareItem controller = item(resource::kScsiController, "3", "SCSI controller");
    controller.resource_subtype = "VirtualSCSI";
    controller.address = "0";
    HardwareItem drive = item(resource::kDisk, "4", "disk");
    drive.parent = "3";
    drive.address_on_parent = 0;
    drive.host_resources = {"ovf:/disk/" + disk};
    HardwareItem nic = item(resource::kEthernet, "5", "nic");
    nic.resource_subtype = "VmxNet3";
    nic.connections = {network};
    nic.address = "00-16-8B-DB-00-5E";
    nic.automatic_allocation = true;
    HardwareSection section;
    section.info = "hardware";
    section.system_types = {"vmx-10"};
    section.transports = {"iso", "com.vmware.guestInfo"};
    section.items = {cpu, many_cpus, memory, limit, controller, drive, nic};
    return section;
}

inline ovfkit::VirtualSystem sample_system(const std::string& id, const std::string& disk,
                                           const std::string& network) {
    ovfkit::VirtualSystem system;
    system.id = id;
    system.name = "The " + id;
    system.info = "a machine";
    system.os = ovfkit::OperatingSystem{{}, 96, "12", "os", "Debian 12"};
    system.hardware = {sample_hardware(disk, network)};
    return system;
}

inline ovfkit::Envelope sample_envelope() {
    using namespace ovfkit;  // NOLINT: a test file
    VirtualSystem db = sample_system("db", "db-disk", "back");
    Property password{.key = "password",
                      .type = "string",
                      .qualifiers = "MinLen(8)",
                      .password = true,
                      .generate_length = 24};
    Property size{.key = "size",
                  .type = "uint32",
                  .value = "1",
                  .has_value = true,
                  .values = {{"large", "7"}},
                  .user_configurable = true,
                  .required = true,
                  .category = "Sizes",
                  .label = "Size",
                  .description = "with \"quotes\", <tags> & ünïcode"};
    ProductSection plain{
        .info = "settings", .product = "Shop", .vendor = "Example", .version = "1"};
    plain.properties = {password, size};
    db.products = {plain};
    db.eulas = {{{}, "licence", "Do what you want."}};
    db.annotation = "first";
    db.machine = MachineSection{{},
                                DirectBoot{"db-kernel", "db-initrd", "root=/dev/vda1 quiet"},
                                Readiness{Readiness::Kind::tcp, "5432", std::chrono::seconds(60)},
                                MachineCount{1, 1, 3},
                                {Endpoint{.direction = Endpoint::Direction::input,
                                          .name = "postgresql",
                                          .protocol = "postgresql",
                                          .port_property = "size"},
                                 Endpoint{.direction = Endpoint::Direction::output,
                                          .name = "backup",
                                          .protocol = "ssh",
                                          .port = 22,
                                          .port_property = "p",
                                          .host_property = "h",
                                          .machine = "web",
                                          .input = "ssh",
                                          .network = "front"}}};
    VirtualSystem web = sample_system("web", "web-disk", "front");
    ProductSection classy{.class_name = "db", .info = "wiring"};
    classy.properties = {Property{.key = "password", .value_template = "${db.password}"}};
    web.products = {classy};
    VirtualSystemCollection all;
    all.id = "shop";
    all.name = "Shop";
    all.info = "a shop";
    all.startup = {{{}, "db", 0, 0, true, "powerOn", 30, "guestShutdown"},
                   {{}, "web", 1, 5, false, "powerOn", 0, "powerOff"}};
    all.assembly = AssemblySection{{},
                                   "shop",
                                   "1.0.0",
                                   {{"web", 80, "http", std::nullopt}, {"web", 443, "https", 8443}},
                                   {"back"}};
    all.members = {db, web};
    Envelope envelope;
    envelope.id = "shop";
    envelope.name = "Shop";
    envelope.version = "1.1";
    envelope.files = {{{}, "db-file", "db.vmdk", 4096, "", std::nullopt},
                      {{}, "web-file", "web.vmdk.gz", std::nullopt, "gzip", 1U << 20U},
                      {{}, "db-kernel", "vmlinuz", 7, "", std::nullopt},
                      {{}, "db-initrd", "initrd", 8, "", std::nullopt}};
    envelope.disks = {{{}, "db-disk", 1U << 30U, "", 1, "db-file", "", "urn:vmdk", 4000},
                      {{}, "web-disk", 2U << 30U, "", 1, "web-file", "", "urn:vmdk", std::nullopt},
                      {{}, "blank", 0, "size", 1U << 30U, "", "", "", std::nullopt}};
    envelope.networks = {{{}, "back", "inner"}, {{}, "front", ""}};
    envelope.configurations = {{{}, "small", "Small", "for one", true},
                               {{}, "large", "Large", "for many", false}};
    envelope.content = all;
    return envelope;
}

}  // namespace tests
