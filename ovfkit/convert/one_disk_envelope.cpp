// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/convert/one_disk_envelope.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "ovfkit/disk/member_sink.h"

namespace ovfkit {

namespace {

constexpr int kOtherLinux64 = 101;  // CIM_OperatingSystem.OsType: what we know least of
constexpr const char* kNetwork = "VM Network";

// An id is an xs:string in OVF 1 but an XML name to some readers.
std::string id_of(const std::string& name) {
    std::string id;
    for (const char c : name) {
        id += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.'
                  ? c
                  : '-';
    }
    return id.empty() || std::isalpha(static_cast<unsigned char>(id.front())) == 0 ? "vm-" + id
                                                                                   : id;
}

HardwareItem item_of(int type, const std::string& id, std::string name) {
    HardwareItem item;
    item.resource_type = type;
    item.instance_id = id;
    item.element_name = std::move(name);
    return item;
}

std::vector<HardwareItem> items_for(const OneDiskSystem& system) {
    HardwareItem cpus = item_of(resource::kProcessor, "1",
                                fmt::format("{} CPU{}", system.cpus, system.cpus == 1 ? "" : "s"));
    cpus.units = "hertz * 10^6";
    cpus.quantity = system.cpus;
    HardwareItem memory =
        item_of(resource::kMemory, "2", base::format_byte_size(system.memory_bytes) + " of memory");
    memory.units = "byte * 2^20";
    memory.quantity = std::max<std::uint64_t>(1, system.memory_bytes / base::kMiB);
    HardwareItem disk = item_of(resource::kDisk, "4", "Hard disk 1");
    disk.parent = "3";
    disk.address_on_parent = 0;
    disk.host_resources = {"ovf:/disk/disk1"};
    // Nobody knows what the guest is: devices that every guest has drivers for.
    const ProfileHardware& hardware = hardware_of(system.profile, GuestDrivers::usual);
    return {cpus, memory, make_controller(hardware, "3"), disk,
            make_nic(hardware, "5", 1, kNetwork)};
}

}  // namespace

Envelope make_one_disk_envelope(const OneDiskSystem& system) {
    Envelope envelope;
    envelope.version = "1.1";
    FileReference file;
    file.id = "file1";
    file.href = system.disk_file;
    file.size = system.file_bytes;
    envelope.files = {file};
    Disk disk;
    disk.id = "disk1";
    disk.file_ref = file.id;
    disk.capacity_bytes = system.capacity_bytes;
    disk.populated_bytes = system.populated_bytes;
    disk.format = kStreamOptimizedFormatUri;
    envelope.disks = {disk};
    Network network;
    network.name = kNetwork;
    network.description = "The network of the machine";
    envelope.networks = {network};
    VirtualSystem machine;
    machine.id = id_of(system.name);
    machine.name = system.name;
    machine.info = "A virtual machine";
    machine.os = OperatingSystem{.id = kOtherLinux64, .info = "The guest operating system"};
    name_os(*machine.os, system.profile);
    HardwareSection hardware;
    hardware.info = "Virtual hardware";
    hardware.system_types = {
        std::string(hardware_of(system.profile, GuestDrivers::usual).system_type)};
    hardware.items = items_for(system);
    hardware.settings = settings_of(system.profile);
    machine.hardware = {hardware};
    envelope.id = machine.id;
    envelope.name = machine.name;
    envelope.content = std::move(machine);
    return envelope;
}

}  // namespace ovfkit
