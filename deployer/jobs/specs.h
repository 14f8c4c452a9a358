// SPDX-License-Identifier: Apache-2.0
// From the plan of a deployment to what the runtime is told: switches and machines. Pure, but for
// the paths of images that are looked up by the caller.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "deployer/record/deployment.h"
#include "hvruntime/machine/machine_spec.h"
#include "hvruntime/net/switch_spec.h"
#include "ovfkit/env/ovf_env.h"

namespace deployer {

hvruntime::SwitchSpec switch_spec_of(const Deployment& deployment, const PlannedNetwork& network);

// Where the files of one imported image are.
struct ImagePaths {
    std::filesystem::path disk;
    std::filesystem::path kernel;
    std::filesystem::path initrd;
};

// `images` by member of the package; `switch_sockets` by MAC address.
hvruntime::MachineSpec machine_spec_of(const Deployment& deployment, const PlannedMachine& machine,
                                       const std::map<std::string, ImagePaths>& images,
                                       const std::map<std::string, hvruntime::SwitchPort>& ports);

// The environment document of one machine, with its siblings as entities. DSP0243 11.
ovfkit::OvfEnvironment environment_of(const Deployment& deployment, const PlannedMachine& machine);
// muster.json: what our own agent needs beyond the environment (addresses).
std::string guest_settings_of(const Deployment& deployment, const PlannedMachine& machine);

}  // namespace deployer
