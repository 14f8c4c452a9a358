// SPDX-License-Identifier: Apache-2.0
// Takes one job from where its record stands to its end, on the calling thread: forward through its
// steps, or back through their undos. The record is in the store before a step runs and before the
// next one does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "hvruntime/jobs/engine/live_job.h"
#include "hvruntime/jobs/job.h"
#include "hvruntime/jobs/job_engine.h"

namespace hvruntime {

// How a job's thread came to its end.
enum class RunEnd {
    stored,     // finished, and the store knows
    unstored,   // finished, but the store would not take it: LiveJob has the truth
    suspended,  // the engine stops; the store has the job as unfinished
};

class JobRunner {
  public:
    // `kind` null: unknown to this program, the job fails.
    JobRunner(LiveJob& live, const JobKind* kind, const JobEngineOptions& options);
    RunEnd run();
    // What ends a finished job in the store: drops its abort wish and, unless something is left,
    // its locks.
    static Transaction make_closing(const JobRecord& record);

  private:
    class Context;
    struct Suspended {};

    bool take_up();  // true: go forward
    bool rewind(StepRecord& half_run);
    bool run_steps();
    bool run_step(const JobStep& step, std::size_t index);
    void undo_all();
    void undo_step(StepRecord& step, const std::vector<JobStep>& steps);
    void call_undo(const std::string& name, const std::vector<JobStep>& steps);
    RunEnd finish(JobState status);
    RunEnd finish_undone();
    std::vector<JobStep> ask_steps();
    void align_steps(const std::vector<JobStep>& steps);
    void fail(const base::Error& error, std::string_view step);
    void commit_or_warn();
    void boundary(std::string_view step, StepPhase phase);
    void note_step(const StepRecord& step);
    void rethrow_suspension(const base::Error& error) const;

    LiveJob& live_;
    const JobKind* kind_;
    const JobEngineOptions& options_;
    JobRecord record_;  // the working copy
    bool undoing_ = false;
};

}  // namespace hvruntime
