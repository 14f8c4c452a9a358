// SPDX-License-Identifier: Apache-2.0
// What the deployer works with: the parts of the runtime, made by `muster serve` and outliving the
// deployer.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>

#include "deployer/import/uploads.h"
#include "hvruntime/guest/guest_channels.h"
#include "hvruntime/images/image_store.h"
#include "hvruntime/machine/machine_runtime.h"
#include "hvruntime/net/switch_runtime.h"
#include "hvruntime/store/store.h"

namespace deployer {

struct Services {
    hvruntime::Store& store;
    hvruntime::ImageStore& images;
    hvruntime::MachineRuntime& machines;
    hvruntime::SwitchRuntime& switches;
    hvruntime::GuestChannels& channels;
    std::filesystem::path data_dir;  // "failed/" below it keeps the logs of what did not come up
    Uploads uploads;
    // Guards the moments between publishing an image and referring to it, so that a clean-up of
    // unused images does not take it.
    std::mutex images_mutex;
};

// Images that no deployment and no machine refers to any more.
void remove_unused_images(Services& services);
// "deployment:guestbook": how a deployment holds its images.
std::string image_holder(const std::string& deployment);

}  // namespace deployer
