// SPDX-License-Identifier: Apache-2.0
#include "cli/guestfish_settings.h"

#include "hvruntime/accel/accel.h"

namespace cli {

imagebuilder::GuestfishSettings guestfish_settings() {
    imagebuilder::GuestfishSettings settings;
    settings.kvm_works = [] { return hvruntime::choose_accel({}).accel == hvruntime::Accel::kvm; };
    return settings;
}

}  // namespace cli
