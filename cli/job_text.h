// SPDX-License-Identifier: Apache-2.0
// Words for the parts of a job's public record (hvruntime/jobs/README.md). Pure.
#pragma once

#include <string>

#include "base/json.h"

namespace cli {

bool is_job_finished(const base::Json& job);
// "running", "aborting", "waiting for another job", "failed, not all undone".
std::string describe_job_state(const base::Json& job);
// The step at work, "3/7 start db (40%)", or the one that failed; "" when there is none.
std::string describe_job_step(const base::Json& job);
// How long it took or is at work by now.
std::string describe_job_length(const base::Json& job);

}  // namespace cli
