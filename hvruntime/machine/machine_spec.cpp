// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/machine_spec.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "base/error.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;

template <typename Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<DiskBus, 4> kDiskBuses{{{DiskBus::virtio_blk, "virtio_blk"},
                                        {DiskBus::virtio_scsi, "virtio_scsi"},
                                        {DiskBus::sata, "sata"},
                                        {DiskBus::ide, "ide"}}};
constexpr Names<NicModel, 5> kNicModels{{{NicModel::virtio, "virtio"},
                                         {NicModel::e1000, "e1000"},
                                         {NicModel::e1000e, "e1000e"},
                                         {NicModel::vmxnet3, "vmxnet3"},
                                         {NicModel::rtl8139, "rtl8139"}}};
constexpr Names<Firmware, 2> kFirmwares{{{Firmware::bios, "bios"}, {Firmware::efi, "efi"}}};

template <typename Enum, std::size_t N>
std::string_view name_of(const Names<Enum, N>& names, Enum value) {
    for (const auto& [candidate, name] : names) {
        if (candidate == value) {
            return name;
        }
    }
    base::unreachable("enumerator without a name");
}

template <typename Enum, std::size_t N>
Enum value_of(const Names<Enum, N>& names, const Json& object, std::string_view key) {
    const std::string text = base::require_string(object, key);
    for (const auto& [value, name] : names) {
        if (name == text) {
            return value;
        }
    }
    throw Error(ErrorKind::invalid_input,
                fmt::format("'{}' has the unknown value '{}'", key, text));
}

std::uint64_t require_number(const Json& object, std::string_view key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' is not a number", key));
    }
    return found->get<std::uint64_t>();
}

const Json& require_array(const Json& object, std::string_view key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_array()) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' is not a list", key));
    }
    return *found;
}

Json to_json(const MachineDisk& disk) {
    return Json{{"id", disk.id},
                {"image", disk.image},
                {"base", disk.base.string()},
                {"base_format", "raw"},
                {"capacity_bytes", disk.capacity_bytes},
                {"bus", to_string(disk.bus)},
                {"serial", disk.serial}};
}

MachineDisk parse_disk(const Json& json) {
    // Enforced for ever: a base is never looked into to find out what it is.
    if (base::require_string(json, "base_format") != "raw") {
        throw Error(ErrorKind::invalid_input, "'base_format' is not raw");
    }
    return MachineDisk{.id = base::require_string(json, "id"),
                       .image = base::require_string(json, "image"),
                       .base = base::require_string(json, "base"),
                       .capacity_bytes = require_number(json, "capacity_bytes"),
                       .bus = value_of(kDiskBuses, json, "bus"),
                       .serial = base::require_string(json, "serial")};
}

Json to_json(const MachineNic& nic) {
    return Json{{"network", nic.network},
                {"mac", nic.mac},
                {"model", to_string(nic.model)},
                {"switch_socket", nic.switch_socket.string()},
                {"local_socket", nic.local_socket.string()}};
}

MachineNic parse_nic(const Json& json) {
    return MachineNic{.network = base::require_string(json, "network"),
                      .mac = base::require_string(json, "mac"),
                      .model = value_of(kNicModels, json, "model"),
                      .switch_socket = base::require_string(json, "switch_socket"),
                      .local_socket = base::require_string(json, "local_socket")};
}

Json to_json(const ConfigIso& iso) {
    Json files = Json::array();
    for (const ConfigFile& file : iso.files) {
        files.push_back(Json{{"name", file.name}, {"content", file.content}, {"mode", file.mode}});
    }
    return Json{{"label", iso.label}, {"files", files}};
}

ConfigIso parse_config_iso(const Json& json) {
    ConfigIso iso{.label = base::require_string(json, "label"), .files = {}};
    for (const Json& file : require_array(json, "files")) {
        iso.files.push_back(
            ConfigFile{.name = base::require_string(file, "name"),
                       .content = base::require_string(file, "content"),
                       .mode = static_cast<unsigned>(require_number(file, "mode") & 0777U)});
    }
    return iso;
}

bool only_of(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::string_view kLowerHex = "0123456789abcdef";
constexpr std::string_view kPlain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

bool is_plain_name(std::string_view name, std::size_t limit) {
    return !name.empty() && name.size() <= limit && name.front() != '.' && only_of(name, kPlain);
}

bool is_mac(std::string_view mac) {
    if (mac.size() != 17) {
        return false;
    }
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const bool fits = i % 3 == 2 ? mac[i] == ':' : kLowerHex.find(mac[i]) != kLowerHex.npos;
        if (!fits) {
            return false;
        }
    }
    return true;
}

// Every finding of check_machine_spec is told with the machine it is about.
[[noreturn]] void refuse(const MachineSpec& spec, ErrorKind kind, const std::string& what) {
    throw Error(kind,
                fmt::format("machine '{}': {}", spec.name.empty() ? spec.id : spec.name, what));
}

void check_disks(const MachineSpec& spec) {
    std::set<std::string> ids;
    for (const MachineDisk& disk : spec.disks) {
        if (!is_plain_name(disk.id, 32) || disk.id.starts_with(kCopyPrefix) ||
            !ids.insert(disk.id).second) {
            refuse(spec, ErrorKind::invalid_input,
                   fmt::format("the disk id '{}' is not a plain name or is used twice", disk.id));
        }
        if (disk.serial.size() > 20 || !only_of(disk.serial, kPlain)) {
            refuse(spec, ErrorKind::invalid_input,
                   fmt::format("disk '{}' has the unusable serial '{}'", disk.id, disk.serial));
        }
        if (!disk.base.empty() && !disk.base.is_absolute()) {
            refuse(spec, ErrorKind::invalid_input,
                   fmt::format("the base of disk '{}' is not an absolute path", disk.id));
        }
        if (disk.base.empty() && disk.capacity_bytes == 0) {
            refuse(spec, ErrorKind::invalid_input,
                   fmt::format("disk '{}' has neither a base nor a capacity", disk.id));
        }
    }
    const auto on_ahci = std::count_if(spec.disks.begin(), spec.disks.end(), [](const auto& disk) {
        return disk.bus == DiskBus::sata || disk.bus == DiskBus::ide;
    });
    if (on_ahci > 6) {
        refuse(spec, ErrorKind::unsupported,
               fmt::format("{} SATA and IDE disks, but at most 6 can be attached", on_ahci));
    }
}

void check_nics(const MachineSpec& spec) {
    for (const MachineNic& nic : spec.nics) {
        if (!is_mac(nic.mac)) {
            refuse(spec, ErrorKind::invalid_input,
                   fmt::format("'{}' is not a MAC address in lower case", nic.mac));
        }
        if (!nic.switch_socket.is_absolute()) {
            refuse(spec, ErrorKind::invalid_input,
                   fmt::format("the switch of network '{}' has no absolute path", nic.network));
        }
    }
}

void check_config_iso(const MachineSpec& spec) {
    if (!spec.config_iso) {
        return;
    }
    // ECMA-119 8.4.8: 32 bytes of volume identifier.
    if (spec.config_iso->label.empty() || spec.config_iso->label.size() > 32) {
        refuse(spec, ErrorKind::invalid_input,
               fmt::format("the volume label '{}' does not have 1 to 32 characters",
                           spec.config_iso->label));
    }
    std::set<std::string> names;
    for (const ConfigFile& file : spec.config_iso->files) {
        if (!is_plain_name(file.name, 64) || !names.insert(file.name).second) {
            refuse(spec, ErrorKind::invalid_input,
                   fmt::format("the configuration file name '{}' is not plain or is used twice",
                               file.name));
        }
    }
}

}  // namespace

std::string_view to_string(DiskBus bus) {
    return name_of(kDiskBuses, bus);
}

std::string_view to_string(NicModel model) {
    return name_of(kNicModels, model);
}

std::string_view to_string(Firmware firmware) {
    return name_of(kFirmwares, firmware);
}

std::string make_machine_id(std::string_view deployment, std::string_view machine) {
    // The lengths keep ("ab", "c") and ("a", "bc") apart.
    const std::string text =
        fmt::format("machine {}:{} {}:{}", deployment.size(), deployment, machine.size(), machine);
    return base::digest_hex(base::DigestAlgorithm::sha256, text).substr(0, 12);
}

Json to_json(const MachineSpec& spec) {
    Json disks = Json::array();
    for (const MachineDisk& disk : spec.disks) {
        disks.push_back(to_json(disk));
    }
    Json nics = Json::array();
    for (const MachineNic& nic : spec.nics) {
        nics.push_back(to_json(nic));
    }
    Json json{{"id", spec.id},
              {"name", spec.name},
              {"deployment", spec.deployment},
              {"cpus", spec.cpus},
              {"memory_bytes", spec.memory_bytes},
              {"firmware", to_string(spec.firmware)},
              {"disks", disks},
              {"nics", nics},
              {"kernel", spec.kernel.string()},
              {"initrd", spec.initrd.string()},
              {"cmdline", spec.cmdline}};
    if (!spec.cdrom.empty()) {
        json["cdrom"] = spec.cdrom.string();
    }
    if (spec.config_iso) {
        json["config_iso"] = to_json(*spec.config_iso);
    }
    return json;
}

MachineSpec parse_machine_spec(const Json& json) {
    return base::in_context("machine specification", [&] {
        MachineSpec spec{.id = base::require_string(json, "id"),
                         .name = base::require_string(json, "name"),
                         .deployment = base::require_string(json, "deployment"),
                         .cpus = static_cast<unsigned>(
                             std::min<std::uint64_t>(require_number(json, "cpus"), 0xffff)),
                         .memory_bytes = require_number(json, "memory_bytes"),
                         .firmware = value_of(kFirmwares, json, "firmware"),
                         .kernel = base::require_string(json, "kernel"),
                         .initrd = base::require_string(json, "initrd"),
                         .cmdline = base::require_string(json, "cmdline")};
        for (const Json& disk : require_array(json, "disks")) {
            spec.disks.push_back(parse_disk(disk));
        }
        for (const Json& nic : require_array(json, "nics")) {
            spec.nics.push_back(parse_nic(nic));
        }
        spec.cdrom = base::string_or(json, "cdrom", "");
        if (const auto iso = json.find("config_iso"); iso != json.end()) {
            spec.config_iso = parse_config_iso(*iso);
        }
        return spec;
    });
}

void check_machine_spec(const MachineSpec& spec) {
    if (spec.id.size() != 12 || !only_of(spec.id, kLowerHex)) {
        refuse(spec, ErrorKind::invalid_input,
               fmt::format("the id '{}' is not 12 hex digits", spec.id));
    }
    if (spec.cpus < 1 || spec.cpus > 255) {
        refuse(spec, ErrorKind::invalid_input, fmt::format("{} CPUs are not possible", spec.cpus));
    }
    if (spec.memory_bytes < 16 * base::kMiB) {
        refuse(
            spec, ErrorKind::invalid_input,
            fmt::format("{} of memory are too little", base::format_byte_size(spec.memory_bytes)));
    }
    if (spec.kernel.empty() && (!spec.initrd.empty() || !spec.cmdline.empty())) {
        refuse(spec, ErrorKind::invalid_input, "an initrd or a command line without a kernel");
    }
    check_disks(spec);
    check_nics(spec);
    check_config_iso(spec);
}

}  // namespace hvruntime
