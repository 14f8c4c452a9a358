// SPDX-License-Identifier: Apache-2.0
#include "assembler/envelope_of_assembly.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"

namespace assembler {

namespace {

namespace resource = ovfkit::resource;
using ovfkit::HardwareItem;

constexpr std::string_view kVmdkFormat =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";
constexpr int kDebian64 = 96;  // CIM_OperatingSystem.OsType
constexpr int kFirstNicId = 5;
// For other products, which cannot know our readiness: how long they wait for the guest.
constexpr std::uint32_t kGuestPatienceSeconds = 120;
constexpr std::uint32_t kShutdownSeconds = 60;

HardwareItem make_item(int type, int id, std::string name) {
    HardwareItem item;
    item.resource_type = type;
    item.instance_id = std::to_string(id);
    item.element_name = std::move(name);
    return item;
}

HardwareItem cpu_item(std::uint32_t cpus) {
    HardwareItem item = make_item(resource::kProcessor, 1,
                                  fmt::format("{} virtual CPU{}", cpus, cpus == 1 ? "" : "s"));
    item.description = "Number of virtual CPUs";
    item.units = "hertz * 10^6";
    item.quantity = cpus;
    return item;
}

// In MiB when that is exact, as everyone writes it.
HardwareItem memory_item(std::uint64_t bytes) {
    HardwareItem item =
        make_item(resource::kMemory, 2, base::format_byte_size(bytes) + " of memory");
    const bool whole = bytes % base::kMiB == 0;
    item.description = "Memory size";
    item.units = whole ? "byte * 2^20" : "byte";
    item.quantity = whole ? bytes / base::kMiB : bytes;
    return item;
}

// What a configuration changes is a second item of the same instance id. DSP0243 8.2.
void add_changes(const Assembly& assembly, const AssemblyMachine& machine,
                 std::vector<HardwareItem>& items) {
    const auto add = [&](HardwareItem item, const std::string& configuration) {
        item.configurations = {configuration};
        items.push_back(std::move(item));
    };
    for (const AssemblyConfiguration& configuration : assembly.configurations) {
        for (const MachineOverride& change : configuration.overrides) {
            if (change.machine == machine.name && change.cpus) {
                add(cpu_item(*change.cpus), configuration.name);
            }
            if (change.machine == machine.name && change.memory_bytes) {
                add(memory_item(*change.memory_bytes), configuration.name);
            }
        }
    }
}

std::string disk_id(const AssemblyMachine& machine) {
    return machine.name + "-disk";
}

void add_disk(const AssemblyMachine& machine, const ovfkit::ProfileHardware& hardware,
              std::vector<HardwareItem>& items) {
    HardwareItem controller = ovfkit::make_controller(hardware, "3");
    controller.description = controller.resource_type == resource::kScsiController
                                 ? "SCSI controller"
                                 : "SATA controller";
    HardwareItem disk = make_item(resource::kDisk, 4, "Hard disk 1");
    disk.parent = controller.instance_id;
    disk.address_on_parent = 0;
    disk.host_resources = {"ovf:/disk/" + disk_id(machine)};
    items.push_back(std::move(controller));
    items.push_back(std::move(disk));
}

void add_nics(const AssemblyMachine& machine, const ovfkit::ProfileHardware& hardware,
              std::vector<HardwareItem>& items) {
    int number = 1;
    for (const std::string& network : machine.networks) {
        HardwareItem nic =
            ovfkit::make_nic(hardware, std::to_string(kFirstNicId + number - 1), number, network);
        nic.description = fmt::format("{} network adapter on '{}'", hardware.nic_subtype, network);
        items.push_back(std::move(nic));
        ++number;
    }
}

ovfkit::HardwareSection hardware_section_of(const Assembly& assembly,
                                            const AssemblyMachine& machine,
                                            ovfkit::Profile profile) {
    const ovfkit::ProfileHardware& hardware =
        ovfkit::hardware_of(profile, ovfkit::GuestDrivers::paravirtual);
    ovfkit::HardwareSection section;
    section.info = "Virtual hardware";
    section.system_types = {std::string(hardware.system_type)};
    section.system_identifier = machine.name;
    section.transports = hardware.transports();
    section.items = {cpu_item(machine.cpus), memory_item(machine.memory_bytes)};
    add_changes(assembly, machine, section.items);
    add_disk(machine, hardware, section.items);
    add_nics(machine, hardware, section.items);
    if (hardware.drive_for_environment) {
        const int next = kFirstNicId + static_cast<int>(machine.networks.size());
        for (HardwareItem& item : ovfkit::make_cdrom(next)) {
            section.items.push_back(std::move(item));
        }
    }
    section.settings = ovfkit::settings_of(profile, machine.firmware);
    return section;
}

ovfkit::Property property_of(const AssemblyProperty& source, std::string key) {
    ovfkit::Property property;
    property.key = std::move(key);
    property.type = source.type;
    property.has_value = source.default_value.has_value();
    property.value = source.default_value.value_or("");
    property.password = source.password;
    property.user_configurable = source.user;
    property.required = source.required;
    property.label = source.label;
    property.description = source.description;
    property.value_template = source.value_template;
    property.generate_length = source.generate_length;
    property.qualifiers = source.qualifiers;
    return property;
}

// A key must not have a '.' (DSP0243 9.5.1): "db.host" is key "host" in the section of class "db",
// which gives the guest "db.host" again.
std::vector<ovfkit::ProductSection> products_of(const AssemblyMachine& machine) {
    std::vector<ovfkit::ProductSection> sections;
    for (const AssemblyProperty& property : machine.properties) {
        const std::size_t dot = property.key.rfind('.');
        const std::string class_name = dot == std::string::npos ? "" : property.key.substr(0, dot);
        auto section = std::find_if(sections.begin(), sections.end(),
                                    [&](const auto& one) { return one.class_name == class_name; });
        if (section == sections.end()) {
            section = sections.insert(sections.end(), ovfkit::ProductSection());
            section->class_name = class_name;
            section->info = class_name.empty()
                                ? fmt::format("Settings of {}", machine.name)
                                : fmt::format("Settings '{}' of {}", class_name, machine.name);
        }
        section->properties.push_back(property_of(
            property, dot == std::string::npos ? property.key : property.key.substr(dot + 1)));
    }
    return sections;
}

ovfkit::MachineSection machine_section_of(const AssemblyMachine& machine,
                                          const MachineImage& image) {
    ovfkit::MachineSection section;
    if (!image.kernel_file.empty()) {
        section.boot =
            ovfkit::DirectBoot{image.kernel_file, image.initrd_file, image.kernel_command_line};
    }
    section.ready = machine.ready;
    section.count = machine.count;
    section.endpoints = machine.endpoints;
    return section;
}

ovfkit::VirtualSystem system_of(const Assembly& assembly, const AssemblyMachine& machine,
                                const MachineImage& image, ovfkit::Profile profile) {
    ovfkit::VirtualSystem system;
    system.id = machine.name;
    system.name = machine.name;
    system.info = machine.description.empty()
                      ? fmt::format("Machine '{}' of {}", machine.name, assembly.name)
                      : machine.description;
    system.os = ovfkit::OperatingSystem{{}, kDebian64, "", "Guest operating system", "Linux"};
    ovfkit::name_os(*system.os, profile);
    system.hardware = {hardware_section_of(assembly, machine, profile)};
    system.products = products_of(machine);
    system.machine = machine_section_of(machine, image);
    return system;
}

std::vector<ovfkit::StartupItem> startup_of(const Assembly& assembly) {
    std::vector<ovfkit::StartupItem> items;
    std::uint32_t order = 0;  // 0 means "whenever", so the first wave is 1
    for (const std::vector<std::string>& wave : start_waves(assembly)) {
        ++order;
        for (const std::string& name : wave) {
            const auto machine =
                std::find_if(assembly.machines.begin(), assembly.machines.end(),
                             [&](const AssemblyMachine& one) { return one.name == name; });
            ovfkit::StartupItem item;
            item.id = name;
            item.order = order;
            item.waiting_for_guest = machine->ready.has_value();
            item.start_delay_seconds = machine->ready ? kGuestPatienceSeconds : 0;
            item.stop_action = "guestShutdown";
            item.stop_delay_seconds = kShutdownSeconds;
            items.push_back(std::move(item));
        }
    }
    return items;
}

ovfkit::AssemblySection assembly_section_of(const Assembly& assembly) {
    ovfkit::AssemblySection section;
    section.name = assembly.name;
    section.version = assembly.version;
    section.publish = assembly.publish;
    for (const AssemblyNetwork& network : assembly.networks) {
        if (network.isolated) {
            section.isolated_networks.push_back(network.name);
        }
    }
    return section;
}

void name_product(const Assembly& assembly, ovfkit::ProductSection& product) {
    product.product = assembly.product.name.empty() ? assembly.name : assembly.product.name;
    product.vendor = assembly.product.vendor;
    product.version = assembly.version;
    product.product_url = assembly.product.url;
}

// What is said of the whole, in the collection or in the only system.
template <typename Content>
void describe_assembly(const Assembly& assembly, Content& content) {
    if (!assembly.eula.empty()) {
        content.eulas = {{{}, "Licence agreement", assembly.eula}};
    }
    content.annotation = assembly.description;
    content.assembly = assembly_section_of(assembly);
}

ovfkit::VirtualSystemCollection collection_of(const Assembly& assembly, const ImageSet& images,
                                              ovfkit::Profile profile) {
    ovfkit::VirtualSystemCollection collection;
    collection.id = assembly.name;
    collection.info = fmt::format("The machines of {}", assembly.name);
    ovfkit::ProductSection product;
    product.info = "The application";
    name_product(assembly, product);
    collection.name = product.product;
    collection.products = {std::move(product)};
    describe_assembly(assembly, collection);
    collection.startup = startup_of(assembly);
    for (const AssemblyMachine& machine : assembly.machines) {
        collection.members.emplace_back(
            system_of(assembly, machine, images.machines.at(machine.name), profile));
    }
    return collection;
}

// The first machine whose disk is in the file.
std::string disk_in_file(const Assembly& assembly, const ImageSet& images,
                         const std::string& file) {
    const auto machine = std::find_if(
        assembly.machines.begin(), assembly.machines.end(), [&](const AssemblyMachine& one) {
            const auto image = images.machines.find(one.name);
            return image != images.machines.end() && image->second.disk_file == file;
        });
    if (machine == assembly.machines.end()) {
        throw base::Error(base::ErrorKind::internal,
                          fmt::format("no machine has the parent disk '{}'", file));
    }
    return disk_id(*machine);
}

// The product is told by the section without a class, which may have the settings too.
ovfkit::VirtualSystem only_system_of(const Assembly& assembly, const ImageSet& images,
                                     ovfkit::Profile profile) {
    const AssemblyMachine& machine = assembly.machines.front();
    ovfkit::VirtualSystem system =
        system_of(assembly, machine, images.machines.at(machine.name), profile);
    system.name = assembly.name;
    auto product = std::find_if(system.products.begin(), system.products.end(),
                                [](const auto& section) { return section.class_name.empty(); });
    if (product == system.products.end()) {
        product = system.products.insert(system.products.begin(), ovfkit::ProductSection());
        product->info = "The application";
    }
    name_product(assembly, *product);
    describe_assembly(assembly, system);
    return system;
}

ovfkit::Disk disk_of(const Assembly& assembly, const AssemblyMachine& machine,
                     const ImageSet& images) {
    const MachineImage& image = images.machines.at(machine.name);
    ovfkit::Disk disk;
    disk.id = disk_id(machine);
    if (!image.parent_file.empty()) {
        disk.parent_ref = disk_in_file(assembly, images, image.parent_file);
    }
    disk.capacity_bytes = image.capacity_bytes;
    disk.file_ref = image.disk_file;
    disk.format = kVmdkFormat;
    disk.populated_bytes = image.populated_bytes;
    return disk;
}

}  // namespace

ovfkit::Envelope envelope_of_assembly(const Assembly& assembly, const ImageSet& images,
                                      ovfkit::Profile profile) {
    ovfkit::Envelope envelope;
    envelope.version = "1.1";
    envelope.files = images.files;
    for (const AssemblyMachine& machine : assembly.machines) {
        if (!images.machines.contains(machine.name)) {
            throw base::Error(base::ErrorKind::internal,
                              fmt::format("machine '{}' has no image", machine.name));
        }
        envelope.disks.push_back(disk_of(assembly, machine, images));
    }
    for (const AssemblyNetwork& network : assembly.networks) {
        const std::string usual = network.isolated
                                      ? fmt::format("Network '{}', without a way out", network.name)
                                      : fmt::format("Network '{}'", network.name);
        envelope.networks.push_back(
            {{}, network.name, network.description.empty() ? usual : network.description});
    }
    for (const AssemblyConfiguration& one : assembly.configurations) {
        envelope.configurations.push_back(
            {{}, one.name, one.name, one.description, one.is_default});
    }
    const auto take = [&](auto content) {
        envelope.id = content.id;
        envelope.name = content.name;
        envelope.content = std::move(content);
    };
    if (assembly.machines.size() == 1) {
        take(only_system_of(assembly, images, profile));
    } else {
        take(collection_of(assembly, images, profile));
    }
    return envelope;
}

}  // namespace assembler
