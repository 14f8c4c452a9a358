// SPDX-License-Identifier: Apache-2.0
// Changes a disk image of whatever origin by operations (operations.h), in a raw copy. Its root
// file system is mounted for each step, in a mount namespace that ends with the step; or the small
// machine of libguestfs mounts what this kernel or this user cannot: LVM, LUKS, several file
// systems. The image is replaced when everything went well, and not at all otherwise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/build.h"
#include "imagebuilder/customize/operations.h"
#include "imagebuilder/executor/executor.h"
#include "imagebuilder/guestfs/guest_keys.h"
#include "imagebuilder/guestfs/guestfish.h"

namespace imagebuilder {

struct CustomizeOptions {
    std::filesystem::path image;   // any format that ovfkit reads
    std::filesystem::path output;  // empty: the image itself is replaced, in its own format
    std::vector<Operation> operations;
    bool keep_on_error = false;
    bool dry_run = false;              // nothing is changed; the steps are told as progress
    std::optional<Executor> executor;  // mount or libguestfs; nullopt: the one that fits
    std::vector<GuestKey> keys;        // of encrypted volumes
    // For commands in the machine of libguestfs; there is one whenever packages are installed.
    bool network = false;
    GuestfishSettings guestfish;
    std::function<void(const BuildProgress&)> on_progress;  // may be empty
    std::function<void(std::string_view)> on_output;        // may be empty
};

struct CustomizeResult {
    std::filesystem::path image;  // what was written
    std::string system;           // "Debian GNU/Linux 12 (bookworm)"
    std::string filesystem;       // "ext4 in partition 3", "xfs in /dev/vg/root, encrypted"
    std::string executor;         // "mount", "libguestfs"
    std::uint64_t bytes = 0;      // of the file now
    double seconds = 0;
};

// Throws usage for wrong operations and for a key that is missing, environment without the right to
// mount and without guestfish, unsupported for an image without a Linux system that can be mounted
// (or with internal snapshots, which a new file would lose), external for a step that fails.
CustomizeResult customize_image(const CustomizeOptions& options);

}  // namespace imagebuilder
