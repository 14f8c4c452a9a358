// SPDX-License-Identifier: Apache-2.0
// A template must hold nothing that two machines made from it would share by accident: machine ids,
// ssh host keys, leases, seeds, logs. seal_tree() removes what comes back by itself, then looks
// for what is left and refuses.
#pragma once

#include <string>
#include <vector>

#include "imagebuilder/tree/steps.h"

namespace imagebuilder {

// Removes the traces of the build (policy-rc.d, caches, resolv.conf of this host). Always done.
void clean_tree(const StepContext& context);
// Throws invalid_input naming the files when an identity is left.
void seal_tree(const StepContext& context);
// The same for paths that were found otherwise.
void require_no_identity(const std::vector<std::string>& left, const std::string& hint);
inline constexpr const char* kIdentityHint =
    "remove the files in a 'run' step and make them anew with 'firstboot', or write 'seal: none'";

}  // namespace imagebuilder
