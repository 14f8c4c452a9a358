// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "hvruntime/jobs/engine/job_engine_core.h"
#include "hvruntime/jobs/engine/job_keys.h"
#include "hvruntime/jobs/engine/job_runner.h"

namespace hvruntime {

using base::Error;
using base::ErrorKind;

namespace {

[[noreturn]] void throw_too_late(const JobRecord& record) {
    throw Error(
        ErrorKind::conflict,
        fmt::format("job {} ({}) has already {}", record.id, record.title,
                    record.status == JobState::failed ? "failed and is undone" : "completed"));
}

}  // namespace

JobId JobEngine::Core::submit(JobRequest request) {
    const JobKind* kind = find_kind(request.kind);
    if (kind == nullptr) {
        throw Error(ErrorKind::internal, fmt::format("no jobs of kind '{}'", request.kind));
    }
    store_unstored();
    JobRecord record;
    record.kind = std::move(request.kind);
    record.title = request.title.empty() ? record.kind : std::move(request.title);
    record.asked_by = std::move(request.asked_by);
    record.params = std::move(request.params);
    record.state = base::Json::object();
    record.locks = std::move(request.locks);
    std::sort(record.locks.begin(), record.locks.end());
    record.locks.erase(std::unique(record.locks.begin(), record.locks.end()), record.locks.end());
    record.created_ms = now_ms();
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            throw Error(ErrorKind::environment, "the daemon is stopping", "try again in a moment");
        }
        record.id = next_id_++;
    }
    const auto live = std::make_shared<LiveJob>(store_, record, options_.keep_events);
    if (store_new(*live, record, true)) {
        add_live(live);
        enqueue(live);
        return record.id;
    }
    if (!request.wait_for_locks) {
        throw_if_locked(record);
    }
    record.waits_for_locks = true;
    store_new(*live, record, false);
    {
        // Both at once: an abort that finds it live finds it waiting too.
        const std::lock_guard lock(admit_mutex_);
        add_live(live);
        waiting_.push_back(live);
    }
    admit_waiting();  // the holder may have ended meanwhile
    return record.id;
}

void JobEngine::Core::add_live(const LivePtr& live) {
    const std::lock_guard lock(mutex_);
    live_[live->id()] = live;
}

bool JobEngine::Core::store_new(LiveJob& live, const JobRecord& record, bool with_locks) {
    Transaction transaction;
    if (with_locks) {
        for (const std::string& lock : record.locks) {
            transaction.compares.push_back(Compare::absent(lock_key(lock)));
            transaction.puts.push_back({lock_key(lock), std::to_string(record.id)});
        }
    }
    return live.commit(record, std::move(transaction));
}

void JobEngine::Core::throw_if_locked(const JobRecord& record) {
    for (const std::string& lock : record.locks) {
        const auto entry = store_.find(lock_key(lock));
        const auto holder = entry ? find(std::stoull(entry->value)) : std::nullopt;
        if (!holder) {
            continue;
        }
        if (holder->is_finished()) {
            throw Error(ErrorKind::conflict,
                        fmt::format("job {} ({}) has failed and left something of {} behind",
                                    holder->id, holder->title, lock),
                        fmt::format("let it be undone first: muster job abort {}", holder->id));
        }
        throw Error(
            ErrorKind::conflict,
            fmt::format("job {} ({}) is at work on {}", holder->id, holder->title, lock),
            fmt::format("wait until it has ended, or stop it: muster job abort {}", holder->id));
    }
    throw Error(ErrorKind::conflict, "another job has just held the same objects", "try again");
}

void JobEngine::Core::abort(JobId id) {
    store_unstored();
    const LivePtr live = find_unfinished(id);
    if (!live) {
        std::optional<JobRecord> record = find_stored(id);
        if (!record) {
            throw_job_not_found(id);
        }
        if (!record->left().empty()) {
            retry_undo(std::move(*record));
        } else if (record->status != JobState::aborted) {
            throw_too_late(*record);
        }
        return;
    }
    // The wish is stored before it works, so that a kill in between does not lose it.
    store_.commit({{}, {{abort_key(id), ""}}, {}});
    if (!live->request_abort()) {
        store_.commit({{}, {}, {abort_key(id)}});
        throw_too_late(live->wait_finished(std::chrono::seconds(10)));
    }
    end_if_waiting(live);
}

// A job that waits for locks has no thread that could hear of the abort.
bool JobEngine::Core::end_if_waiting(const LivePtr& live) {
    {
        const std::lock_guard lock(admit_mutex_);
        if (std::erase(waiting_, live) == 0) {
            return false;
        }
    }
    enqueue(live);
    return true;
}

void JobEngine::Core::retry_undo(JobRecord record) {
    record.status = JobState::undoing;
    ++record.runs;
    const auto live = std::make_shared<LiveJob>(store_, record, options_.keep_events);
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || !live_.emplace(record.id, live).second) {
            return;  // another abort was first, or the daemon stops
        }
        finished_.erase(record.id);
    }
    live->commit(record);
    enqueue(live);
}

void JobEngine::Core::abandon(JobId id) {
    std::optional<JobRecord> record = find_unfinished(id) ? std::nullopt : find_stored(id);
    if (!record && !find(id)) {
        throw_job_not_found(id);
    }
    if (!record || record->left().empty()) {
        throw Error(ErrorKind::conflict, fmt::format("job {} has left nothing behind", id));
    }
    for (StepRecord& step : record->steps) {
        if (step.state == StepState::undo_failed) {
            step.state = StepState::failed;
        }
    }
    LiveJob(store_, *record, options_.keep_events)
        .commit(*record, JobRunner::make_closing(*record));
    note_finished(*record);
    admit_waiting();
}

}  // namespace hvruntime
