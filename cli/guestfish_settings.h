// SPDX-License-Identifier: Apache-2.0
// How the verbs run libguestfs's machine: on KVM where the runtime has proven it.
#pragma once

#include "imagebuilder/guestfs/guestfish.h"

namespace cli {

imagebuilder::GuestfishSettings guestfish_settings();

}  // namespace cli
