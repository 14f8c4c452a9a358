// SPDX-License-Identifier: Apache-2.0
#include "deployer/services.h"

namespace deployer {

void remove_unused_images(Services& services) {
    const std::lock_guard lock(services.images_mutex);
    for (const hvruntime::ImageRecord& image : services.images.list()) {
        if (services.images.users(image.id).empty()) {
            services.images.remove(image.id);
        }
    }
}

std::string image_holder(const std::string& deployment) {
    return "deployment:" + deployment;
}

}  // namespace deployer
