// SPDX-License-Identifier: Apache-2.0
// An assembly and what is known of its images to an OVF envelope: a collection of systems, or the
// system itself when it is the only one, since most products import nothing else. Pure. The
// hardware is the profile's for guests with Debian's cloud kernel; QEMU's own is chosen at
// deployment.
// Machines of the same image share its file: each has a Disk of its own with the same fileRef.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assembler/assembly.h"
#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/profile/profile.h"

namespace assembler {

// What is known of one machine's image. The ids are of files of ImageSet.
struct MachineImage {
    std::string disk_file;
    std::uint64_t capacity_bytes = 0;
    std::optional<std::uint64_t> populated_bytes;
    std::string kernel_file;  // empty: the machine boots by its firmware
    std::string initrd_file;
    std::string kernel_command_line;
    std::string parent_file;  // the disk is stored as a delta of the disk in that file
};

struct ImageSet {
    std::vector<ovfkit::FileReference> files;      // in the order of the package
    std::map<std::string, MachineImage> machines;  // by name; one for each machine
};

// Throws internal when an image is missing.
ovfkit::Envelope envelope_of_assembly(const Assembly& assembly, const ImageSet& images,
                                      ovfkit::Profile profile = ovfkit::Profile::generic);

}  // namespace assembler
