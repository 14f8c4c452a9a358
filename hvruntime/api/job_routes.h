// SPDX-License-Identifier: Apache-2.0
// The routes of jobs and of the daemon itself; table in hvruntime/api/README.md.
#pragma once

#include "hvruntime/api/http_server.h"
#include "hvruntime/jobs/job_engine.h"

namespace hvruntime {

// Clients compare it with their own: it changes when an old client would misunderstand the daemon.
constexpr int kApiLevel = 1;

// GET /v1/version; GET /v1/jobs; GET /v1/jobs/{id}; POST /v1/jobs/{id}/abort;
// POST /v1/jobs/{id}/abandon; GET /v1/jobs/{id}/events?from=N&follow=1. `engine` must outlive the
// server.
void add_job_routes(HttpServer& server, JobEngine& engine);
// What a handler that submitted a job answers: 202 {"job": id}.
Reply accepted_job(JobId id);

}  // namespace hvruntime
