// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "assembler/introspect/source/machine_hardware.h"
#include "assembler/introspect/system/text.h"
#include "base/error.h"
#include "base/letter_case.h"

namespace assembler {

namespace {

// Keys in lower case: VMware takes them in any.
using VmxKeys = std::map<std::string, std::string>;

std::string vmx_value(const VmxKeys& keys, const std::string& key) {
    const auto found = keys.find(key);
    return found == keys.end() ? "" : found->second;
}

bool vmx_true(const VmxKeys& keys, const std::string& key) {
    return base::to_lower(vmx_value(keys, key)) == "true";
}

void add_vmx_disks(const VmxKeys& keys, HardwareFact& hardware) {
    constexpr std::array<std::string_view, 4> kBuses{"scsi", "sata", "ide", "nvme"};
    for (const auto& [key, value] : keys) {
        constexpr std::string_view kFile = ".filename";
        const bool is_drive = key.ends_with(kFile) && key.find(':') != std::string::npos &&
                              std::any_of(kBuses.begin(), kBuses.end(),
                                          [&, name = std::string_view(key)](std::string_view bus) {
                                              return name.starts_with(bus);
                                          });
        if (!is_drive) {
            continue;
        }
        const std::string drive = key.substr(0, key.size() - kFile.size());
        const std::string type = base::to_lower(vmx_value(keys, drive + ".devicetype"));
        const bool is_disk = type.empty() || type.find("disk") != std::string::npos;
        if (vmx_true(keys, drive + ".present") && is_disk) {
            hardware.disks.push_back({.path = value, .format = "vmdk", .target = drive});
        }
    }
}

void add_vmx_nics(const VmxKeys& keys, HardwareFact& hardware) {
    constexpr int kMaxNics = 10;
    for (int i = 0; i < kMaxNics; ++i) {
        const std::string nic = fmt::format("ethernet{}.", i);
        if (!vmx_true(keys, nic + "present")) {
            continue;
        }
        NicFact fact{.network = vmx_value(keys, nic + "networkname"),
                     .mac = vmx_value(keys, nic + "address"),
                     .model = vmx_value(keys, nic + "virtualdev")};
        if (fact.network.empty()) {
            fact.network = vmx_value(keys, nic + "connectiontype");
        }
        if (fact.mac.empty()) {
            fact.mac = vmx_value(keys, nic + "generatedaddress");
        }
        hardware.nics.push_back(std::move(fact));
    }
}

}  // namespace

HardwareFact parse_vmx(std::string_view text, const std::string& path) {
    constexpr std::size_t kMaxKeys = 10'000;
    VmxKeys keys;
    for (const introspect::IniEntry& entry : introspect::parse_ini(text)) {
        if (keys.size() < kMaxKeys) {
            keys[base::to_lower(entry.key)] = introspect::unquoted(entry.value);
        }
    }
    if (keys.find("config.version") == keys.end() && keys.find("displayname") == keys.end()) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{} is no .vmx: it has neither config.version nor "
                                      "displayName",
                                      path));
    }
    HardwareFact hardware{
        .name = vmx_value(keys, "displayname"),
        .memory_bytes =
            std::uint64_t{introspect::find_number(vmx_value(keys, "memsize")).value_or(0)} << 20U,
        .vcpus = introspect::find_number(vmx_value(keys, "numvcpus")).value_or(1),
        .firmware = vmx_value(keys, "firmware") == "efi" ? "uefi" : "bios"};
    add_vmx_disks(keys, hardware);
    add_vmx_nics(keys, hardware);
    return hardware;
}

}  // namespace assembler
