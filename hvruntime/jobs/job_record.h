// SPDX-License-Identifier: Apache-2.0
// The state of one job as a value, as it stands in the store and as clients see it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "hvruntime/jobs/job.h"

namespace hvruntime {

enum class JobState { pending, running, undoing, completed, failed, aborted };
std::string_view to_string(JobState state);

// undo_failed: something of this step is left.
enum class StepState { waiting, running, done, failed, undoing, undone, undo_failed };
std::string_view to_string(StepState state);
// True for all states in which the step may have changed the world.
bool needs_undo(StepState state);

struct StepRecord {
    std::string name;
    StepState state = StepState::waiting;
    std::int64_t started_ms = 0;   // since 1970; 0: not yet
    std::int64_t finished_ms = 0;  // of the last run or undo
    base::Json undo_error;         // error object when state is undo_failed, else null
};

struct JobRecord {
    JobId id = 0;
    std::string kind;
    std::string title;     // "up guestbook.ova", for people
    std::string asked_by;  // "alice (uid 1000)"
    base::Json params;     // may hold secrets: never in to_public_json()
    base::Json state;      // likewise
    std::vector<std::string> locks;
    JobState status = JobState::pending;
    bool waits_for_locks = false;  // pending, and does not hold its locks yet
    bool abort_requested = false;
    std::vector<StepRecord> steps;
    std::string aborted_at;  // the step that an abort came into; survives the undo
    base::Json error;        // error object with "step", or null; survives the undo
    base::Json result;       // null until set
    base::Json progress;     // {"done","total","text"} of the running step, or null; not stored
    std::int64_t created_ms = 0;
    std::int64_t started_ms = 0;
    std::int64_t finished_ms = 0;
    std::uint32_t runs = 0;  // how often an engine took it up: 1 + recoveries + repeated aborts

    // completed, failed or aborted: nothing happens any more by itself.
    bool is_finished() const;
    // Names of the steps whose undo failed: not empty means that abort() can be tried again.
    std::vector<std::string> left() const;
};

base::Json to_stored_json(const JobRecord& record);
JobRecord parse_job_record(const base::Json& json);
// For clients: without params and state, with "left".
base::Json to_public_json(const JobRecord& record);

}  // namespace hvruntime
