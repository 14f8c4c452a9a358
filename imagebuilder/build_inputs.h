// SPDX-License-Identifier: Apache-2.0
// Everything that decides what the image of a recipe will be, and the keys made of it. Fetches the
// package index when it is older than a day; changes nothing else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "imagebuilder/config/image_config.h"
#include "imagebuilder/evidence/lock_file.h"
#include "imagebuilder/executor/executor.h"
#include "imagebuilder/guestfs/guestfish.h"
#include "imagebuilder/install/installer.h"
#include "imagebuilder/plan/planned_step.h"
#include "imagebuilder/tree/apt.h"
#include "imagebuilder/tree/finish.h"

namespace imagebuilder {

struct InputOptions {
    std::optional<Executor> executor;  // nullopt: the one that fits
    GuestfishSettings guestfish;       // for disks that libguestfs has to read
    RunInstaller run_installer;        // empty: CDs have to be installed from before
};

struct BuildInputs {
    std::shared_ptr<const Recipe> recipe;  // the steps point into it
    ExecutorChoice executor;
    ImageConfig config;
    std::optional<BaseTree> base;  // that the first recipe of the chain starts from
    AptIndex apt;                  // without a folder: no packages
    std::vector<PlannedStep> steps;
    std::optional<GuestFiles> guest;
    std::map<std::string, std::string> tools;
    std::optional<LockFile> lock;
    std::vector<NamedInput> image;  // the tree's key and what comes after the steps
    std::string key;                // of the image
    std::string identity;           // as the key, but without the state of the archives
    // Of the newest file; absent: as the tarball has it.
    std::optional<std::int64_t> epoch;
};

// Nothing has to run in a tree, no file of it to be looked at: the tar goes straight into the disk.
bool is_composed(const BuildInputs& inputs);

// `frozen`: a lock file to build with, or empty. Throws conflict when it is of other tools.
BuildInputs gather_inputs(const std::filesystem::path& recipe, const std::filesystem::path& frozen,
                          const InputOptions& options = {});

}  // namespace imagebuilder
