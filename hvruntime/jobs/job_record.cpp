// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/jobs/job_record.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace hvruntime {

namespace {

using base::Json;

constexpr std::array<std::pair<JobState, std::string_view>, 6> kJobStates{{
    {JobState::pending, "pending"},
    {JobState::running, "running"},
    {JobState::undoing, "undoing"},
    {JobState::completed, "completed"},
    {JobState::failed, "failed"},
    {JobState::aborted, "aborted"},
}};

constexpr std::array<std::pair<StepState, std::string_view>, 7> kStepStates{{
    {StepState::waiting, "waiting"},
    {StepState::running, "running"},
    {StepState::done, "done"},
    {StepState::failed, "failed"},
    {StepState::undoing, "undoing"},
    {StepState::undone, "undone"},
    {StepState::undo_failed, "undo_failed"},
}};

template <typename Table, typename State>
std::string_view name_in(const Table& table, State state) {
    for (const auto& [candidate, name] : table) {
        if (candidate == state) {
            return name;
        }
    }
    base::unreachable("job or step state without a name");
}

template <typename Table>
auto state_in(const Table& table, std::string_view name) {
    for (const auto& [state, candidate] : table) {
        if (candidate == name) {
            return state;
        }
    }
    throw base::Error(base::ErrorKind::invalid_input, fmt::format("unknown state '{}'", name));
}

Json steps_to_json(const std::vector<StepRecord>& steps) {
    Json list = Json::array();
    for (const StepRecord& step : steps) {
        Json item{{"name", step.name},
                  {"state", to_string(step.state)},
                  {"started_ms", step.started_ms},
                  {"finished_ms", step.finished_ms}};
        if (!step.undo_error.is_null()) {
            item["undo_error"] = step.undo_error;
        }
        list.push_back(std::move(item));
    }
    return list;
}

StepRecord parse_step(const Json& json) {
    StepRecord step;
    step.name = base::require_string(json, "name");
    step.state = state_in(kStepStates, base::require_string(json, "state"));
    step.started_ms = json.value("started_ms", std::int64_t{0});
    step.finished_ms = json.value("finished_ms", std::int64_t{0});
    step.undo_error = json.value("undo_error", Json());
    return step;
}

}  // namespace

std::string_view to_string(JobState state) {
    return name_in(kJobStates, state);
}

std::string_view to_string(StepState state) {
    return name_in(kStepStates, state);
}

bool needs_undo(StepState state) {
    return state != StepState::waiting && state != StepState::undone;
}

bool JobRecord::is_finished() const {
    return status == JobState::completed || status == JobState::failed ||
           status == JobState::aborted;
}

std::vector<std::string> JobRecord::left() const {
    std::vector<std::string> names;
    for (const StepRecord& step : steps) {
        if (step.state == StepState::undo_failed) {
            names.push_back(step.name);
        }
    }
    return names;
}

base::Json to_public_json(const JobRecord& record) {
    return Json{{"id", record.id},
                {"kind", record.kind},
                {"title", record.title},
                {"asked_by", record.asked_by},
                {"state", to_string(record.status)},
                {"waits_for_locks", record.waits_for_locks},
                {"abort_requested", record.abort_requested},
                {"locks", record.locks},
                {"steps", steps_to_json(record.steps)},
                {"progress", record.progress},
                {"aborted_at", record.aborted_at},
                {"error", record.error},
                {"left", record.left()},
                {"result", record.result},
                {"created_ms", record.created_ms},
                {"started_ms", record.started_ms},
                {"finished_ms", record.finished_ms},
                {"runs", record.runs}};
}

base::Json to_stored_json(const JobRecord& record) {
    Json json = to_public_json(record);
    json.erase("progress");
    json.erase("left");
    json["params"] = record.params;
    json["job_state"] = record.state;
    return json;
}

JobRecord parse_job_record(const base::Json& json) {
    try {
        JobRecord record;
        record.id = json.at("id").get<JobId>();
        record.kind = base::require_string(json, "kind");
        record.title = base::require_string(json, "title");
        record.asked_by = base::require_string(json, "asked_by");
        record.params = json.at("params");
        record.state = json.at("job_state");
        record.locks = json.at("locks").get<std::vector<std::string>>();
        record.status = state_in(kJobStates, base::require_string(json, "state"));
        record.waits_for_locks = json.at("waits_for_locks").get<bool>();
        record.abort_requested = json.at("abort_requested").get<bool>();
        for (const Json& step : json.at("steps")) {
            record.steps.push_back(parse_step(step));
        }
        record.aborted_at = json.value("aborted_at", "");
        record.error = json.at("error");
        record.result = json.at("result");
        record.created_ms = json.at("created_ms").get<std::int64_t>();
        record.started_ms = json.at("started_ms").get<std::int64_t>();
        record.finished_ms = json.at("finished_ms").get<std::int64_t>();
        record.runs = json.at("runs").get<std::uint32_t>();
        return record;
    } catch (const Json::exception& error) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("a stored job record is damaged: {}", error.what()));
    }
}

}  // namespace hvruntime
