// SPDX-License-Identifier: Apache-2.0
// The inside of JobEngine: which jobs there are, which run, which wait. job_engine.cpp starts and
// runs them, job_requests.cpp takes them in and aborts them, job_lookup.cpp shows them.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "hvruntime/jobs/engine/live_job.h"
#include "hvruntime/jobs/job_engine.h"
#include "hvruntime/store/store.h"

namespace hvruntime {

using LivePtr = std::shared_ptr<LiveJob>;

JobRecord parse_job_entry(const Entry& entry);
[[noreturn]] void throw_job_not_found(JobId id);

class JobEngine::Core {
  public:
    Core(Store& store, std::vector<JobKind> kinds, JobEngineOptions options);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    ~Core() { stop(std::chrono::milliseconds(0)); }

    void recover();
    JobId submit(JobRequest request);
    void abort(JobId id);
    void abandon(JobId id);
    std::vector<JobRecord> list();
    std::optional<JobRecord> find(JobId id);
    JobRecord wait(JobId id, std::chrono::milliseconds timeout);
    JobEvents events(JobId id, std::uint64_t from, std::chrono::milliseconds timeout);
    void stop(std::chrono::milliseconds grace);

  private:
    const JobKind* find_kind(std::string_view name) const;
    LivePtr find_live(JobId id);
    LivePtr find_unfinished(JobId id);
    void add_live(const LivePtr& live);
    void forget_old();
    std::optional<JobRecord> find_stored(JobId id);
    void take_up_stored(JobRecord record);
    void drop_stale_keys();
    bool store_new(LiveJob& live, const JobRecord& record, bool with_locks);
    [[noreturn]] void throw_if_locked(const JobRecord& record);
    void retry_undo(JobRecord record);
    bool end_if_waiting(const LivePtr& live);
    void enqueue(const LivePtr& live);
    void admit_waiting();
    void store_unstored();
    void work();
    void run_job(const LivePtr& live);
    void note_finished(const JobRecord& record);

    Store& store_;
    const std::vector<JobKind> kinds_;
    const JobEngineOptions options_;

    std::mutex mutex_;  // guards everything up to admit_mutex_
    std::condition_variable moved_;
    std::map<JobId, LivePtr> live_;
    std::deque<LivePtr> queue_;       // ready to run
    std::map<JobId, bool> finished_;  // true: something is left, its record must stay
    std::vector<LivePtr> unstored_;   // finished, but the store refused to take the end
    JobId next_id_ = 1;
    std::size_t running_ = 0;
    bool closed_ = false;    // no job starts any more
    bool stopping_ = false;  // running ones were told to leave

    std::mutex admit_mutex_;        // held while waiting jobs try for their locks
    std::vector<LivePtr> waiting_;  // guarded by admit_mutex_; oldest first

    std::vector<std::jthread> threads_;
};

}  // namespace hvruntime
