// SPDX-License-Identifier: Apache-2.0
// What a machine is made of: a value that the deployer fills and the runtime keeps as spec.json in
// the machine's folder. Nothing here runs anything. It may hold secrets (the configuration files):
// stored with mode 0600, never logged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace hvruntime {

// q35 has no legacy IDE controller: `ide` disks are attached to its AHCI controller like `sata`.
enum class DiskBus { virtio_blk, virtio_scsi, sata, ide };
enum class NicModel { virtio, e1000, e1000e, vmxnet3, rtl8139 };
enum class Firmware { bios, efi };

std::string_view to_string(DiskBus bus);
std::string_view to_string(NicModel model);
std::string_view to_string(Firmware firmware);

// What copies of disks are called in QEMU begins so; no disk may.
inline constexpr std::string_view kCopyPrefix = "muster-copy-";

struct MachineDisk {
    std::string id;                    // unique in the machine, names the overlay file: "disk0"
    std::string image;                 // id in the image store, for use counting; empty: none
    std::filesystem::path base;        // the raw file below the overlay; empty: a blank disk
    std::uint64_t capacity_bytes = 0;  // as the guest sees it; 0: the size of `base`
    DiskBus bus = DiskBus::virtio_blk;
    std::string serial;  // at most 20 letters, digits, '-', '_', '.'; empty: the disk's id
};

struct MachineNic {
    std::string network;  // id of the network, for listings
    std::string mac;      // "52:54:00:aa:bb:cc"
    NicModel model = NicModel::virtio;
    std::filesystem::path switch_socket;  // the switch's datagram socket, where we send frames
    std::filesystem::path local_socket;   // ours; empty: MachinePaths::nic_socket(index)
};

struct ConfigFile {
    std::string name;  // a plain file name: "ovf-env.xml"
    std::string content;
    unsigned mode = 0400;
};

// A CD-ROM made anew at each start.
struct ConfigIso {
    std::string label = "OVF ENV";
    std::vector<ConfigFile> files;
};

struct MachineSpec {
    std::string id;          // 12 hex digits; make_machine_id()
    std::string name;        // what people call it: "db"
    std::string deployment;  // the deployment it belongs to; may be empty
    unsigned cpus = 1;
    std::uint64_t memory_bytes = 0;
    Firmware firmware = Firmware::bios;
    std::vector<MachineDisk> disks;  // the first one is booted when there is no kernel
    std::vector<MachineNic> nics;
    std::optional<ConfigIso> config_iso;
    std::filesystem::path cdrom;   // an image of a CD for the guest; empty: none
    std::filesystem::path kernel;  // set: direct boot
    std::filesystem::path initrd;
    std::string cmdline;
};

// Stable for the same names: a deployment that is made again in a retried step gets the same ids.
std::string make_machine_id(std::string_view deployment, std::string_view machine);

base::Json to_json(const MachineSpec& spec);
// Throws invalid_input naming the key.
MachineSpec parse_machine_spec(const base::Json& json);
// Throws invalid_input or unsupported naming the machine and the part that cannot be run.
void check_machine_spec(const MachineSpec& spec);

}  // namespace hvruntime
