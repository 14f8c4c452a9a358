// SPDX-License-Identifier: Apache-2.0
#include "cli/job_text.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "cli/table.h"

namespace cli {

using base::Json;

bool is_job_finished(const Json& job) {
    const std::string state = job.value("state", "");
    return state == "completed" || state == "failed" || state == "aborted";
}

std::string describe_job_state(const Json& job) {
    const std::string state = job.value("state", "");
    if (!job.value("left", Json::array()).empty()) {
        return is_job_finished(job) ? state + ", not all undone" : state;
    }
    if (job.value("waits_for_locks", false) && state == "pending") {
        return "waiting for another job";
    }
    return job.value("abort_requested", false) && !is_job_finished(job) ? "aborting" : state;
}

std::string describe_job_step(const Json& job) {
    const Json error = job.value("error", Json());
    if (error.is_object() && is_job_finished(job)) {
        return error.value("step", "");
    }
    const Json steps = job.value("steps", Json::array());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::string state = steps[i].value("state", "");
        if (state != "running" && state != "undoing") {
            continue;
        }
        std::string text = fmt::format("{}/{} {}", i + 1, steps.size(), steps[i].value("name", ""));
        const Json progress = job.value("progress", Json());
        if (state == "running" && progress.is_object()) {
            const auto total = progress.value("total", std::uint64_t{0});
            if (total > 0) {
                const auto done = std::min(total, progress.value("done", std::uint64_t{0}));
                text += fmt::format(" ({:.0f}%)",
                                    100.0 * static_cast<double>(done) / static_cast<double>(total));
            }
        }
        return text;
    }
    return "";
}

std::string describe_job_length(const Json& job) {
    const auto started = job.value("started_ms", std::int64_t{0});
    auto finished = job.value("finished_ms", std::int64_t{0});
    if (started == 0) {
        return "-";
    }
    if (!is_job_finished(job)) {
        finished = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
    }
    return format_seconds(static_cast<double>(finished - started) / 1000);
}

}  // namespace cli
