// SPDX-License-Identifier: Apache-2.0
// Runs jobs on its own threads and keeps every change of them in the store before it goes on, so
// that after a kill at any point recover() ends each job as done or as never happened. A job holds
// locks on the objects it changes; two jobs never hold the same one. Thread-safe.
//
// Test switch: MUSTER_TEST_KILL_AT="kind:step:before|after|undo-before|undo-after" makes the
// process kill itself (SIGKILL) at that step boundary.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hvruntime/jobs/job.h"
#include "hvruntime/jobs/job_record.h"
#include "hvruntime/store/store.h"

namespace hvruntime {

struct JobRequest {
    std::string kind;
    base::Json params = base::Json::object();
    std::string asked_by;
    std::string title;
    std::vector<std::string> locks;  // "deployment guestbook": as people should read it
    bool wait_for_locks = false;     // else a held lock is Error(conflict) naming the job
};

// before: committed as running, run() not yet called. after: run() has returned, not yet
// committed. The same for undo.
enum class StepPhase { before, after, undo_before, undo_after };

struct JobEngineOptions {
    std::size_t threads = 16;  // jobs that run at once; more are pending
    std::size_t keep_finished = 1000;
    std::size_t keep_events = 500;  // of each job
    // Test seam, called on the job's thread.
    std::function<void(const JobRecord&, std::string_view step, StepPhase)> on_step_boundary;
};

struct JobEvents {
    // Each {"seq","time_ms","type",…}; see hvruntime/jobs/README.md. seq grows, also over restarts
    // of the daemon, but not by one.
    std::vector<base::Json> events;
    bool ended = false;  // there will be no more
};

class JobEngine {
  public:
    // `store` must outlive the engine. No job runs before recover().
    JobEngine(Store& store, std::vector<JobKind> kinds, JobEngineOptions options = {});
    JobEngine(const JobEngine&) = delete;
    JobEngine& operator=(const JobEngine&) = delete;
    ~JobEngine();  // stop(0)

    // Once, before the first submit(): takes up the jobs that the last engine left unfinished, by
    // their kind's policy, in the background. Their locks are held from the start.
    void recover();

    // Stored when it returns. Error(conflict): a lock is held. Error(internal): unknown kind.
    JobId submit(JobRequest request);
    // Asks for the undo of all that the job did; returns at once. Error(conflict) when it has
    // completed, or failed with nothing left; fine when it is already being undone or aborted. With
    // something left (a failed undo), the undo of that is tried again.
    void abort(JobId id);
    // Gives up what a failed undo has left: its locks are released, the record says so.
    void abandon(JobId id);

    std::vector<JobRecord> list();  // newest first
    std::optional<JobRecord> find(JobId id);
    JobRecord require(JobId id);  // Error(not_found)
    // Returns when the job is finished; Error(timeout).
    JobRecord wait(JobId id, std::chrono::milliseconds timeout);
    // Events with seq >= from; waits for one when there is none yet. Empty and not ended: time-out.
    JobEvents events(JobId id, std::uint64_t from, std::chrono::milliseconds timeout);

    // No job starts any more; running ones get `grace` to end, then check_abort() throws and they
    // stay in the store as they are, for the next recover(). Followers are released.
    void stop(std::chrono::milliseconds grace);

  private:
    class Core;
    std::unique_ptr<Core> core_;
};

// The error of a failed or aborted job as an exception for whoever waited for it: same kind and
// hint, message "<title>: step '<step>': …", and what was undone or is left.
[[noreturn]] void throw_job_error(const base::Json& public_record);

}  // namespace hvruntime
