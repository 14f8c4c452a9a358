// SPDX-License-Identifier: Apache-2.0
// Machine specs for tests, and a runtime in folders of its own.
#pragma once

#include <string>

#include "base/byte_size.h"
#include "base/file.h"
#include "hvruntime/machine/machine_runtime.h"

namespace tests {

// A small machine without an operating system: QEMU stays in its BIOS.
inline hvruntime::MachineSpec small_machine(const std::string& name) {
    hvruntime::MachineSpec spec{.id = hvruntime::make_machine_id("test", name),
                                .name = name,
                                .deployment = "test",
                                .memory_bytes = 32 * base::kMiB};
    spec.disks.push_back({.id = "disk0", .capacity_bytes = base::kGiB});
    return spec;
}

// One of everything.
inline hvruntime::MachineSpec full_machine() {
    hvruntime::MachineSpec spec{.id = "0123456789ab",
                                .name = "db",
                                .deployment = "guestbook",
                                .cpus = 2,
                                .memory_bytes = 384 * base::kMiB};
    spec.disks = {
        {.id = "disk0", .image = "aa", .base = "/images/aa,1/disk.raw", .serial = "root"},
        {.id = "disk1", .capacity_bytes = base::kGiB, .bus = hvruntime::DiskBus::virtio_scsi},
        {.id = "disk2", .capacity_bytes = base::kGiB, .bus = hvruntime::DiskBus::sata},
        {.id = "disk3", .capacity_bytes = base::kGiB, .bus = hvruntime::DiskBus::ide},
    };
    spec.nics = {
        {.network = "back", .mac = "52:54:00:00:00:01", .switch_socket = "/run/back/switch.sock"},
        {.network = "front",
         .mac = "52:54:00:00:00:02",
         .model = hvruntime::NicModel::e1000,
         .switch_socket = "/run/front/switch.sock",
         .local_socket = "/run/front/a,b.sock"},
    };
    spec.config_iso = hvruntime::ConfigIso{.files = {{"ovf-env.xml", "<Environment/>", 0400}}};
    spec.kernel = "/images/aa/kernel";
    spec.initrd = "/images/aa/initrd";
    spec.cmdline = "root=/dev/vda1 console=ttyS0";
    return spec;
}

}  // namespace tests
