// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/jobs/engine/job_runner.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <new>
#include <set>

#include <fmt/format.h>

#include "base/cli/io.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "hvruntime/jobs/engine/job_keys.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;

std::string_view to_string(StepPhase phase) {
    switch (phase) {
        case StepPhase::before: return "before";
        case StepPhase::after: return "after";
        case StepPhase::undo_before: return "undo-before";
        case StepPhase::undo_after: return "undo-after";
    }
    base::unreachable("step phase");
}

// Whatever fn throws, as an Error. nullopt: nothing.
template <typename Fn>
std::optional<Error> caught(Fn&& fn, Json* as_json = nullptr) {
    std::optional<Error> failure;
    Json json;
    try {
        fn();
    } catch (const Error& error) {
        failure = error;
        json = base::cli::error_to_json(error);
    } catch (const std::bad_alloc&) {
        failure = Error(ErrorKind::environment, "out of memory");
    } catch (const std::exception& error) {
        failure =
            Error(ErrorKind::internal, error.what(), "this is a bug of muster: please report it");
    }
    if (failure && as_json != nullptr) {
        *as_json = json.is_null() ? base::cli::error_to_json(*failure) : json;
    }
    return failure;
}

}  // namespace

// What a step sees. progress(), log(), check_abort(): any thread; LiveJob does the locking.
class JobRunner::Context : public JobContext {
  public:
    explicit Context(JobRunner& runner) : runner_(runner), undoing_(runner.undoing_) {}

    JobId id() const override { return runner_.record_.id; }
    const Json& params() const override { return runner_.record_.params; }
    Json& state() override { return runner_.record_.state; }
    void save() override { runner_.live_.commit(runner_.record_); }
    void set_result(Json result) override { runner_.record_.result = std::move(result); }
    void progress(std::uint64_t done, std::uint64_t total, std::string_view text) override {
        runner_.live_.set_progress(done, total, text);
    }
    void log(std::string_view text) override {
        runner_.live_.add_event(Json{{"type", "log"}, {"text", text}});
    }
    void check_abort() override {
        if (runner_.live_.suspended()) {
            throw Error(ErrorKind::interrupted, "the daemon stops");
        }
        if (!undoing_ && runner_.live_.abort_requested()) {
            throw Error(ErrorKind::interrupted, fmt::format("job {} is being aborted", id()));
        }
    }
    void pause(std::chrono::milliseconds duration) override {
        if (runner_.live_.sleep(duration, !undoing_)) {
            check_abort();
        }
    }

  private:
    JobRunner& runner_;
    const bool undoing_;
};

JobRunner::JobRunner(LiveJob& live, const JobKind* kind, const JobEngineOptions& options)
    : live_(live), kind_(kind), options_(options), record_(live.snapshot()) {
}

RunEnd JobRunner::run() {
    try {
        // Beyond this point the record is running or undoing, and no step is half run.
        if (!take_up() || !run_steps()) {
            undo_all();
            return finish_undone();
        }
        return finish(JobState::completed);
    } catch (const Suspended&) {
        return RunEnd::suspended;
    }
}

bool JobRunner::take_up() {
    if (record_.status == JobState::undoing) {
        return false;
    }
    if (record_.status == JobState::pending) {
        if (record_.runs > 0 && kind_ != nullptr && kind_->recovery == Recovery::roll_back) {
            fail(Error(ErrorKind::environment, "the daemon was stopped before the job began",
                       "run the command again"),
                 "");
            return false;
        }
        record_.status = JobState::running;
        record_.started_ms = now_ms();
        live_.add_event(Json{{"type", "state"}, {"state", "running"}});
        return !live_.abort_requested();
    }
    // Running: the last engine did not end it.
    if (live_.abort_requested()) {
        return false;
    }
    const auto half_run =
        std::find_if(record_.steps.begin(), record_.steps.end(),
                     [](const StepRecord& step) { return step.state == StepState::running; });
    const bool any = half_run != record_.steps.end();
    if (kind_ != nullptr && kind_->recovery == Recovery::roll_back) {
        fail(Error(ErrorKind::environment, "the daemon was stopped while the job ran",
                   "run the command again"),
             any ? half_run->name : "");
        return false;
    }
    live_.add_event(Json{{"type", "log"}, {"text", "resumed after a stop of the daemon"}});
    return !any || rewind(*half_run);
}

// Undoes a step that was interrupted, so that it can run again. False: that failed.
bool JobRunner::rewind(StepRecord& half_run) {
    Json json;
    undoing_ = true;  // an abort waits until this is done
    const auto failure = caught([&] { call_undo(half_run.name, ask_steps()); }, &json);
    undoing_ = false;
    if (failure) {
        rethrow_suspension(*failure);
        json["step"] = half_run.name;
        record_.error = std::move(json);
        return false;
    }
    half_run.state = StepState::waiting;
    return true;
}

// True: all done, and no abort can come any more.
bool JobRunner::run_steps() {
    while (true) {
        std::vector<JobStep> steps;
        if (const auto failure = caught([&] {
                steps = ask_steps();
                align_steps(steps);
            })) {
            fail(*failure, "");
            return false;
        }
        const auto next =
            std::find_if(record_.steps.begin(), record_.steps.end(),
                         [](const StepRecord& step) { return step.state == StepState::waiting; });
        if (next == record_.steps.end()) {
            return live_.close();
        }
        if (live_.suspended()) {
            commit_or_warn();  // what is done need not be done again
            throw Suspended{};
        }
        const auto index = static_cast<std::size_t>(next - record_.steps.begin());
        if (live_.abort_requested() || !run_step(steps.at(index), index)) {
            return false;
        }
    }
}

bool JobRunner::run_step(const JobStep& step, std::size_t index) {
    StepRecord& step_record = record_.steps.at(index);
    step_record.state = StepState::running;
    step_record.started_ms = now_ms();
    live_.reset_progress();
    note_step(step_record);
    Json json;
    auto failure = caught(
        [&] {
            // Commits the end of the step before this one too.
            live_.commit(record_);
            boundary(step.name, StepPhase::before);
            Context context(*this);
            step.run(context);
            boundary(step.name, StepPhase::after);
        },
        &json);
    if (failure) {
        rethrow_suspension(*failure);
    }
    step_record.finished_ms = now_ms();
    step_record.state = failure ? StepState::failed : StepState::done;
    note_step(step_record);
    if (!failure) {
        return true;
    }
    if (live_.abort_requested()) {
        record_.aborted_at = step.name;
        live_.add_event(Json{{"type", "log"}, {"text", failure->message()}});
    } else {
        json["step"] = step.name;
        record_.error = std::move(json);
    }
    return false;
}

// An error that comes of the daemon's stop is not the job's.
void JobRunner::rethrow_suspension(const Error& error) const {
    if (live_.suspended() ||
        (error.kind() == ErrorKind::interrupted && base::interrupt().raised())) {
        throw Suspended{};
    }
}

void JobRunner::undo_all() {
    undoing_ = true;
    if (record_.status != JobState::undoing) {
        record_.status = JobState::undoing;
        live_.add_event(Json{{"type", "state"}, {"state", "undoing"}});
    }
    std::vector<JobStep> steps;
    Json json;
    const auto failure = caught([&] { steps = ask_steps(); }, &json);
    for (auto step = record_.steps.rbegin(); step != record_.steps.rend(); ++step) {
        if (!needs_undo(step->state)) {
            continue;
        }
        if (failure) {  // nobody knows how: all of it is left
            step->state = StepState::undo_failed;
            step->undo_error = json;
        } else {
            undo_step(*step, steps);
        }
    }
}

void JobRunner::undo_step(StepRecord& step_record, const std::vector<JobStep>& steps) {
    const auto step = std::find_if(steps.begin(), steps.end(), [&](const JobStep& candidate) {
        return candidate.name == step_record.name;
    });
    if (step != steps.end() && !step->undo) {
        step_record.state = StepState::undone;
        return;
    }
    step_record.state = StepState::undoing;
    note_step(step_record);
    commit_or_warn();
    if (live_.suspended()) {
        throw Suspended{};
    }
    Json json;
    const auto failure = caught(
        [&] {
            boundary(step_record.name, StepPhase::undo_before);
            call_undo(step_record.name, steps);
            boundary(step_record.name, StepPhase::undo_after);
        },
        &json);
    if (failure) {
        rethrow_suspension(*failure);
    }
    step_record.state = failure ? StepState::undo_failed : StepState::undone;
    step_record.undo_error = std::move(json);
    step_record.finished_ms = now_ms();
    note_step(step_record);
}

void JobRunner::call_undo(const std::string& name, const std::vector<JobStep>& steps) {
    const auto step = std::find_if(steps.begin(), steps.end(),
                                   [&](const JobStep& each) { return each.name == name; });
    if (step == steps.end()) {
        throw Error(ErrorKind::internal, fmt::format("nobody knows how to undo '{}'", name));
    }
    if (step->undo) {
        Context context(*this);
        step->undo(context);
    }
}

RunEnd JobRunner::finish_undone() {
    return finish(record_.error.is_null() ? JobState::aborted : JobState::failed);
}

Transaction JobRunner::make_closing(const JobRecord& record) {
    Transaction closing;
    closing.deletes.push_back(abort_key(record.id));
    if (record.left().empty() && !record.waits_for_locks) {
        for (const std::string& lock : record.locks) {
            closing.deletes.push_back(lock_key(lock));
        }
    }
    return closing;
}

RunEnd JobRunner::finish(JobState status) {
    record_.status = status;
    record_.finished_ms = now_ms();
    const auto failure = caught([&] { live_.commit(record_, make_closing(record_)); });
    if (!failure) {
        return RunEnd::stored;
    }
    if (status == JobState::completed) {
        // Not durable is not done: a restart would take it up again.
        record_.status = JobState::running;
        fail(*failure, "");
        undo_all();
        return finish_undone();
    }
    base::log(base::LogLevel::warn, "jobs", "job {}: its end is not stored: {}", record_.id,
              failure->message());
    live_.publish(record_);
    return RunEnd::unstored;
}

std::vector<JobStep> JobRunner::ask_steps() {
    if (kind_ == nullptr) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("this muster knows no jobs of kind '{}'", record_.kind),
                    "use the version that started the job");
    }
    std::vector<JobStep> steps = kind_->steps(record_.params, record_.state);
    std::set<std::string_view> names;
    for (const JobStep& step : steps) {
        if (!names.insert(step.name).second) {
            throw Error(ErrorKind::internal, fmt::format("two steps are named '{}'", step.name));
        }
    }
    return steps;
}

// Steps not yet begun are taken anew from the list; those begun must stand in their places.
void JobRunner::align_steps(const std::vector<JobStep>& steps) {
    std::erase_if(record_.steps,
                  [](const StepRecord& step) { return step.state == StepState::waiting; });
    for (std::size_t i = 0; i < record_.steps.size(); ++i) {
        if (i >= steps.size() || steps[i].name != record_.steps[i].name) {
            throw Error(ErrorKind::internal,
                        fmt::format("the step '{}' has gone from its place in the list",
                                    record_.steps[i].name));
        }
    }
    for (std::size_t i = record_.steps.size(); i < steps.size(); ++i) {
        record_.steps.push_back({steps[i].name, StepState::waiting, 0, 0, nullptr});
    }
}

void JobRunner::fail(const Error& error, std::string_view step) {
    record_.error = base::cli::error_to_json(error);
    record_.error["step"] = step;
}

// The way back goes on even when the store is full: undoing may be what frees the space, and the
// undo is repeated after a restart if it was not stored.
void JobRunner::commit_or_warn() {
    if (const auto failure = caught([&] { live_.commit(record_); })) {
        base::log(base::LogLevel::warn, "jobs", "job {}: {}", record_.id, failure->message());
        live_.publish(record_);
    }
}

void JobRunner::boundary(std::string_view step, StepPhase phase) {
    static const char* const kill_at = std::getenv("MUSTER_TEST_KILL_AT");
    if (kill_at != nullptr &&
        fmt::format("{}:{}:{}", record_.kind, step, to_string(phase)) == kill_at) {
        std::raise(SIGKILL);
    }
    if (options_.on_step_boundary) {
        options_.on_step_boundary(record_, step, phase);
    }
}

void JobRunner::note_step(const StepRecord& step) {
    Json event{{"type", "step"},
               {"step", step.name},
               {"state", hvruntime::to_string(step.state)},
               {"index", &step - record_.steps.data()},
               {"count", record_.steps.size()}};
    if (!step.undo_error.is_null()) {
        event["error"] = step.undo_error;
    }
    live_.add_event(std::move(event));
}

}  // namespace hvruntime
