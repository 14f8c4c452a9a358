// SPDX-License-Identifier: Apache-2.0
// The two ways in which customize_image() changes the raw copy of a disk, and which of them fits.
// Not for other files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "imagebuilder/customize/customize.h"
#include "imagebuilder/customize/mounted_root.h"
#include "imagebuilder/executor/executor.h"
#include "imagebuilder/step_clock.h"
#include "imagebuilder/tree/apt.h"

namespace imagebuilder {

struct CustomizeWork {
    const CustomizeOptions& options;
    const CustomizePlan& plan;
    std::filesystem::path folder;  // for files on their way
    std::filesystem::path raw;     // the copy
    std::filesystem::path tree;    // an empty folder
    StepClock& clock;
};

// What was changed.
struct CustomizedSystem {
    std::string system;
    std::string filesystem;
};

struct CustomizeHost {
    bool may_mount = false;  // root, with namespaces
    bool has_guestfish = false;
};
struct CustomizeWays {
    bool mount = false;
    bool libguestfs = false;
};
// Those that may be tried before anything is known of the image. Throws usage for an executor that
// cannot change images, unsupported when the executor that was asked for cannot do what is to be
// done, environment when this host has none. Pure.
CustomizeWays possible_ways(const CustomizeOptions& options, const CustomizePlan& plan,
                            const CustomizeHost& host);

// The one for the image, in which mounting found `search`; nullopt: it was not tried. Throws
// unsupported when there is none. Pure.
Executor choose_way(const CustomizeWays& ways, const std::optional<RootSearch>& search);

CustomizedSystem customize_mounted(const CustomizeWork& work, const RootSearch& search);
CustomizedSystem customize_by_guestfish(const CustomizeWork& work);

// The index of this host's archives for that system; nullopt: its own sources are to be used.
std::optional<AptIndex> find_index(const CustomizePlan& plan, PackageManager manager,
                                   const std::string& id, const std::string& codename);
// Throws unsupported when packages are to change and there is none.
PackageManager require_manager(const std::optional<PackageManager>& manager,
                               const std::string& system);

}  // namespace imagebuilder
