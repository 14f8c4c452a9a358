// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/jobs/job_engine.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "hvruntime/jobs/engine/job_engine_core.h"
#include "hvruntime/jobs/engine/job_keys.h"
#include "hvruntime/jobs/engine/job_runner.h"

namespace hvruntime {

JobEngine::Core::Core(Store& store, std::vector<JobKind> kinds, JobEngineOptions options)
    : store_(store), kinds_(std::move(kinds)), options_(std::move(options)) {
}

void JobEngine::Core::recover() {
    for (const Entry& entry : store_.range(kJobRecords).entries) {
        JobRecord record = parse_job_entry(entry);
        next_id_ = std::max(next_id_, record.id + 1);
        if (record.is_finished()) {
            finished_[record.id] = !record.left().empty();
        } else {
            take_up_stored(std::move(record));
        }
    }
    drop_stale_keys();
    admit_waiting();
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < std::max<std::size_t>(1, options_.threads); ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

void JobEngine::Core::take_up_stored(JobRecord record) {
    ++record.runs;
    record.abort_requested = store_.find(abort_key(record.id)).has_value();
    base::log(base::LogLevel::info, "jobs", "job {} ({}) is taken up again", record.id,
              record.title);
    const auto live = std::make_shared<LiveJob>(store_, record, options_.keep_events);
    if (record.abort_requested) {
        live->request_abort();
    }
    live->commit(record);  // the number of runs: events of this run get higher numbers
    live_[record.id] = live;
    if (record.waits_for_locks) {
        waiting_.push_back(live);
    } else {
        queue_.push_back(live);
    }
}

// What a kill between two transactions can leave: locks and wishes of jobs that are over.
void JobEngine::Core::drop_stale_keys() {
    Transaction cleaning;
    for (const Entry& lock : store_.range(kJobLocks).entries) {
        const auto holder = find_stored(std::stoull(lock.value));
        if (!holder || (holder->is_finished() && holder->left().empty())) {
            cleaning.deletes.push_back(lock.key);
        }
    }
    for (const Entry& wish : store_.range(kJobAborts).entries) {
        if (!live_.contains(std::stoull(wish.key.substr(kJobAborts.size())))) {
            cleaning.deletes.push_back(wish.key);
        }
    }
    if (!cleaning.deletes.empty()) {
        store_.commit(cleaning);
    }
}

void JobEngine::Core::stop(std::chrono::milliseconds grace) {
    std::vector<LivePtr> all;
    {
        std::unique_lock lock(mutex_);
        closed_ = true;
        moved_.notify_all();
        moved_.wait_for(lock, grace, [this] { return running_ == 0; });
        stopping_ = true;
        for (const auto& [id, live] : live_) {
            all.push_back(live);
        }
    }
    for (const LivePtr& live : all) {
        live->suspend();
    }
    threads_.clear();  // joins
}

void JobEngine::Core::enqueue(const LivePtr& live) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(live);
    moved_.notify_all();
}

// Jobs that wait take their locks in the order they came, as far as these are free.
void JobEngine::Core::admit_waiting() {
    const std::lock_guard lock(admit_mutex_);
    for (auto live = waiting_.begin(); live != waiting_.end();) {
        JobRecord record = (*live)->snapshot();
        record.waits_for_locks = false;
        if (store_new(**live, record, true)) {
            enqueue(*live);
            live = waiting_.erase(live);
        } else {
            ++live;
        }
    }
}

void JobEngine::Core::work() {
    while (true) {
        LivePtr live;
        {
            std::unique_lock lock(mutex_);
            moved_.wait(lock, [this] { return closed_ || !queue_.empty(); });
            if (closed_) {
                return;
            }
            live = queue_.front();
            queue_.pop_front();
            ++running_;
        }
        base::guarded("job", [&] { run_job(live); });
        const std::lock_guard lock(mutex_);
        --running_;
        moved_.notify_all();
    }
}

void JobEngine::Core::run_job(const LivePtr& live) {
    const RunEnd end = JobRunner(*live, find_kind(live->snapshot().kind), options_).run();
    if (end == RunEnd::suspended) {
        return;
    }
    if (end == RunEnd::unstored) {
        const std::lock_guard lock(mutex_);
        unstored_.push_back(live);
        return;
    }
    note_finished(live->snapshot());
    admit_waiting();
    forget_old();
}

// The end of jobs that the store refused: once it takes them, their locks are free.
void JobEngine::Core::store_unstored() {
    std::vector<LivePtr> again;
    {
        const std::lock_guard lock(mutex_);
        again.swap(unstored_);
    }
    for (const LivePtr& live : again) {
        const JobRecord record = live->snapshot();
        const bool stored =
            base::guarded("jobs", [&] { live->commit(record, JobRunner::make_closing(record)); });
        if (stored) {
            note_finished(record);
        } else {
            const std::lock_guard lock(mutex_);
            unstored_.push_back(live);
        }
    }
}

void JobEngine::Core::note_finished(const JobRecord& record) {
    const std::lock_guard lock(mutex_);
    live_.erase(record.id);
    finished_[record.id] = !record.left().empty();
    moved_.notify_all();
}

void JobEngine::Core::forget_old() {
    Transaction forgetting;
    {
        const std::lock_guard lock(mutex_);
        const std::size_t keep = std::max<std::size_t>(1, options_.keep_finished);
        std::size_t surplus = finished_.size() - std::min(finished_.size(), keep);
        for (auto old = finished_.begin(); old != finished_.end() && surplus > 0;) {
            if (old->second) {
                ++old;
                continue;
            }
            forgetting.deletes.push_back(record_key(old->first));
            old = finished_.erase(old);
            --surplus;
        }
    }
    for (std::size_t i = 0, count = forgetting.deletes.size(); i < count; ++i) {
        const JobId id = std::stoull(forgetting.deletes[i].substr(kJobRecords.size()));
        for (const Entry& event : store_.range(events_prefix(id)).entries) {
            forgetting.deletes.push_back(event.key);
        }
    }
    if (!forgetting.deletes.empty()) {
        store_.commit(forgetting);
    }
}

JobEngine::JobEngine(Store& store, std::vector<JobKind> kinds, JobEngineOptions options)
    : core_(std::make_unique<Core>(store, std::move(kinds), std::move(options))) {
}
JobEngine::~JobEngine() = default;

void JobEngine::recover() {
    core_->recover();
}
JobId JobEngine::submit(JobRequest request) {
    return core_->submit(std::move(request));
}
void JobEngine::abort(JobId id) {
    core_->abort(id);
}
void JobEngine::abandon(JobId id) {
    core_->abandon(id);
}
std::vector<JobRecord> JobEngine::list() {
    return core_->list();
}
std::optional<JobRecord> JobEngine::find(JobId id) {
    return core_->find(id);
}
JobRecord JobEngine::require(JobId id) {
    if (auto record = core_->find(id)) {
        return *record;
    }
    throw_job_not_found(id);
}
JobRecord JobEngine::wait(JobId id, std::chrono::milliseconds timeout) {
    return core_->wait(id, timeout);
}
JobEvents JobEngine::events(JobId id, std::uint64_t from, std::chrono::milliseconds timeout) {
    return core_->events(id, from, timeout);
}
void JobEngine::stop(std::chrono::milliseconds grace) {
    core_->stop(grace);
}

}  // namespace hvruntime
