// SPDX-License-Identifier: Apache-2.0
// The descriptor of a package that holds one virtual system with one disk: what ESXi, VirtualBox,
// virt-v2v and muster need to start it, and nothing else. DSP0243 1.1.
#pragma once

#include <cstdint>
#include <string>

#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/profile/profile.h"

namespace ovfkit {

struct OneDiskSystem {
    std::string name;  // of the virtual system
    std::string disk_file;
    Profile profile = Profile::generic;
    std::uint32_t cpus = 1;
    std::uint64_t memory_bytes = 0;
    std::uint64_t capacity_bytes = 0;
    std::uint64_t populated_bytes = 0;
    std::uint64_t file_bytes = 0;
};

Envelope make_one_disk_envelope(const OneDiskSystem& system);

}  // namespace ovfkit
