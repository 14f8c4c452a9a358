// SPDX-License-Identifier: Apache-2.0
// What stop, start and down share: a request that becomes a job, followed to its end, and one line
// of result.
#pragma once

#include <string>

#include "base/cli/io.h"

namespace cli {

struct LifecycleRequest {
    std::string method;
    std::string path;
    std::string done;  // "guestbook is stopped"
};

int run_lifecycle(const LifecycleRequest& request, base::cli::Io& io);

}  // namespace cli
