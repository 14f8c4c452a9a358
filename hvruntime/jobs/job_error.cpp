// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/cli/io.h"
#include "base/error.h"
#include "hvruntime/jobs/job_engine.h"

namespace hvruntime {

namespace {

using base::Json;

std::string join_names(const Json& names) {
    std::string joined;
    for (const Json& name : names) {
        joined += fmt::format("{}'{}'", joined.empty() ? "" : ", ", name.get<std::string>());
    }
    return joined;
}

// What is the state of the world now, and what can be done about it.
std::string describe_outcome(const Json& record) {
    const JobId id = record.value("id", JobId{0});
    const std::string left = join_names(record.value("left", Json::array()));
    if (!left.empty()) {
        return fmt::format("the undo of {} failed; try it again: muster job abort {}", left, id);
    }
    return fmt::format("everything was undone; its steps and its log: muster job show {}", id);
}

}  // namespace

void throw_job_error(const Json& record) {
    const std::string title = base::string_or(record, "title", "job");
    const std::string outcome = describe_outcome(record);
    const Json error = record.value("error", Json());
    if (!error.is_object()) {
        const std::string at = base::string_or(record, "aborted_at", "");
        throw base::Error(
            base::ErrorKind::interrupted,
            fmt::format("{}: aborted{}", title, at.empty() ? "" : fmt::format(" in step '{}'", at)),
            outcome);
    }
    const std::string step = base::string_or(error, "step", "");
    const std::string hint = base::string_or(error, "hint", "");
    Json chained = error;
    chained["message"] =
        fmt::format("{}: {}{}", title, step.empty() ? "" : fmt::format("step '{}': ", step),
                    base::string_or(error, "message", ""));
    chained["hint"] = hint.empty() ? outcome : fmt::format("{} ({})", hint, outcome);
    base::cli::throw_error(chained);
}

}  // namespace hvruntime
