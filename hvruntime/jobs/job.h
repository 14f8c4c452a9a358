// SPDX-License-Identifier: Apache-2.0
// What a job is made of: a kind gives the list of steps, each with an undo; the engine runs them
// and keeps their state in the store. Steps are written to be repeated: run() may find that it was
// interrupted before, undo() must cope with a step that ran wholly, partly or not at all.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace hvruntime {

using JobId = std::uint64_t;  // 1, 2, 3 …: short enough to type

// What a step sees of its job. progress(), log() and check_abort() may be called from any thread of
// the step, the others only from the thread that runs it.
class JobContext {
  public:
    virtual ~JobContext() = default;
    virtual JobId id() const = 0;
    virtual const base::Json& params() const = 0;
    // What later steps, undos and a recovery need to know. Committed with the end of the step, or
    // at once by save(): save what you are about to make before you make it.
    virtual base::Json& state() = 0;
    virtual void save() = 0;
    // What the job gives to who asked for it, shown when it has completed.
    virtual void set_result(base::Json result) = 0;
    virtual void progress(std::uint64_t done, std::uint64_t total, std::string_view text) = 0;
    virtual void log(std::string_view text) = 0;
    // Throws Error(interrupted) when the job is to be aborted or the daemon stops. While undoing
    // only the latter. Long loops call it several times a second.
    virtual void check_abort() = 0;
    // Sleeps, but not through an abort: then it throws as check_abort() does.
    virtual void pause(std::chrono::milliseconds duration) = 0;
};

struct JobStep {
    std::string name;  // unique in its job: "clone disk of db"
    std::function<void(JobContext&)> run;
    std::function<void(JobContext&)> undo;  // empty: nothing to undo
};

// What to do with a job that a crash or stop of the daemon interrupted.
enum class Recovery {
    resume,     // undo the step that was running, run it again, go on
    roll_back,  // undo all, the job has failed
};

struct JobKind {
    std::string name;  // "deploy"
    // Pure. Asked again after every step: what a step put into the state may make the list longer,
    // but the steps already begun stay in place.
    std::function<std::vector<JobStep>(const base::Json& params, const base::Json& state)> steps;
    Recovery recovery = Recovery::roll_back;
};

}  // namespace hvruntime
