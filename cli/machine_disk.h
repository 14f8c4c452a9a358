// SPDX-License-Identifier: Apache-2.0
// The disk of a machine of ours, which is a thin clone of an image, as one image file that stands
// alone. The machine must not run: its disk is only read.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/cli/io.h"

namespace cli {

struct LocatedMachine {
    std::string deployment;
    std::string name;
    std::string id;
    bool running = false;
};

// Throws not_found naming the machines that the deployment has.
LocatedMachine locate_machine(base::cli::Io& io, const std::string& deployment,
                              const std::string& machine);

// Writes a qcow2, which must not be there yet. Throws conflict when the machine runs, unsupported
// for one with several disks or none, not_found when its files are not on this host.
void copy_machine_disk(const LocatedMachine& machine, const std::filesystem::path& qcow2,
                       const std::function<void(std::uint64_t, std::uint64_t)>& on_progress);

}  // namespace cli
