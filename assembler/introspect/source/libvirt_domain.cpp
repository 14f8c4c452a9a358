// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <fmt/format.h>

#include "assembler/introspect/source/machine_hardware.h"
#include "assembler/introspect/system/text.h"
#include "base/error.h"
#include "base/letter_case.h"
#include "ovfkit/xml/foreign_document.h"

namespace assembler {

namespace {

using ovfkit::xml::Element;

std::string attribute_of(const Element* element, std::string_view name) {
    const auto value = element == nullptr ? std::nullopt : element->find_attribute("", name);
    return value ? std::string(*value) : "";
}

// 0 when it is no number, or too large for a machine.
std::uint64_t memory_of(const Element& domain) {
    struct Unit {
        std::string_view name;
        std::uint64_t bytes;
    };
    static constexpr std::array<Unit, 11> kUnits{{{"", 1024},
                                                  {"k", 1024},
                                                  {"kib", 1024},
                                                  {"b", 1},
                                                  {"bytes", 1},
                                                  {"kb", 1000},
                                                  {"m", 1U << 20U},
                                                  {"mib", 1U << 20U},
                                                  {"mb", 1000000},
                                                  {"g", 1U << 30U},
                                                  {"gib", 1U << 30U}}};
    const Element* memory = domain.find_child("memory");
    const auto number =
        memory == nullptr ? std::nullopt : introspect::find_number(memory->trimmed_text());
    if (!number) {
        return 0;
    }
    const std::string unit = base::to_lower(attribute_of(memory, "unit"));
    for (const Unit& known : kUnits) {
        if (known.name == unit) {
            return *number * known.bytes;
        }
    }
    return 0;
}

void add_disk(const Element& disk, HardwareFact& hardware) {
    const std::string device = attribute_of(&disk, "device");
    const Element* source = disk.find_child("source");
    if ((!device.empty() && device != "disk") || source == nullptr) {
        return;  // a CD-ROM, a drive without a medium
    }
    std::string path = attribute_of(source, "file");
    path = path.empty() ? attribute_of(source, "dev") : path;
    hardware.disks.push_back({.path = path,  // empty: on a network
                              .format = attribute_of(disk.find_child("driver"), "type"),
                              .target = attribute_of(disk.find_child("target"), "dev")});
}

void add_nic(const Element& nic, HardwareFact& hardware) {
    const Element* source = nic.find_child("source");
    std::string network;
    for (const char* name : {"network", "bridge", "dev"}) {
        network = network.empty() ? attribute_of(source, name) : network;
    }
    hardware.nics.push_back({.network = network.empty() ? attribute_of(&nic, "type") : network,
                             .mac = attribute_of(nic.find_child("mac"), "address"),
                             .model = attribute_of(nic.find_child("model"), "type")});
}

}  // namespace

HardwareFact parse_libvirt_domain(std::string_view text, const std::string& path) {
    const Element domain = ovfkit::xml::parse_foreign_document(text, path);
    if (domain.local_name != "domain") {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("{} is no domain of libvirt: its element is '{}'", path, domain.local_name),
            "virsh dumpxml NAME prints one");
    }
    HardwareFact hardware{.memory_bytes = memory_of(domain)};
    if (const Element* name = domain.find_child("name")) {
        hardware.name = name->trimmed_text();
    }
    if (const Element* vcpus = domain.find_child("vcpu")) {
        hardware.vcpus = introspect::find_number(vcpus->trimmed_text()).value_or(0);
    }
    if (const Element* os = domain.find_child("os")) {
        const bool is_efi = attribute_of(os, "firmware") == "efi" ||
                            attribute_of(os->find_child("loader"), "type") == "pflash";
        hardware.firmware = is_efi ? "uefi" : "bios";
    }
    if (const Element* devices = domain.find_child("devices")) {
        for (const Element& device : devices->children) {
            if (device.local_name == "disk") {
                add_disk(device, hardware);
            } else if (device.local_name == "interface") {
                add_nic(device, hardware);
            }
        }
    }
    return hardware;
}

}  // namespace assembler
