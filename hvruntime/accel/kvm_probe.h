// SPDX-License-Identifier: Apache-2.0
// Runs tiny guests on raw KVM and checks what they computed: real mode, then long mode with paging
// and CR3 reloads in a loop. It may hang where KVM is broken: run it only in a child that can be
// killed (`muster probe-kvm`).
#pragma once

namespace hvruntime {

// Throws Error(environment) saying what failed.
void probe_kvm();

}  // namespace hvruntime
