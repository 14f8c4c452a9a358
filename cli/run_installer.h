// SPDX-License-Identifier: Apache-2.0
// An installer from a CD on our runtime: one machine without a network, waited for until it powers
// itself off. Without the daemon: the machine belongs to this process and ends with it, also when
// that is killed.
#pragma once

#include "imagebuilder/install/installer.h"

namespace cli {

void run_installer(const imagebuilder::InstallMachine& machine);

}  // namespace cli
