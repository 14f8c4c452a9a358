// SPDX-License-Identifier: Apache-2.0
// `muster probe-kvm`: runs guests on raw KVM and checks them. Hidden: hvruntime/accel runs it as a
// child with a deadline, because it hangs where KVM is broken.
#pragma once

#include "cli/verb.h"

namespace cli {

void add_probe_kvm(CLI::App& app, Chosen& chosen);
int run_probe_kvm(base::cli::Io& io);

}  // namespace cli
