// SPDX-License-Identifier: Apache-2.0
// One unfinished job in memory: what others see of it while its thread works on it, its events, and
// the wish to abort it. Its own thread changes a working copy of the record and publishes it with
// commit(). Thread-safe but for commit(), which only the thread that owns the job calls.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "base/json.h"
#include "hvruntime/jobs/job_record.h"
#include "hvruntime/store/store.h"

namespace hvruntime {

std::int64_t now_ms();  // since 1970
// The last event of a finished job. Made from its record when asked for, so that nobody hears of
// the end before it is in the store.
base::Json make_end_event(const JobRecord& record, std::uint64_t last_seq);

class LiveJob {
  public:
    // Reads the events that an earlier run has stored; gives new ones higher numbers.
    LiveJob(Store& store, JobRecord record, std::size_t keep_events);

    JobId id() const { return id_; }
    JobRecord snapshot();

    // Appends to the events; followers see it at once, the store gets it with the next commit().
    void add_event(base::Json event);
    void set_progress(std::uint64_t done, std::uint64_t total, std::string_view text);
    void reset_progress();  // a new step begins
    // The record, the new events and `more` in one transaction. False: a compare of `more` failed.
    bool commit(const JobRecord& record, Transaction more = {});
    // Publishes only: for when the store refuses to take it.
    void publish(const JobRecord& record);

    // False: too late, the job has closed. Afterwards abort_requested() is true.
    bool request_abort();
    bool abort_requested() const { return abort_; }
    // False: an abort was asked for and must be honoured. Afterwards request_abort() is too late.
    bool close();
    // The engine stops: ends all waits below; the job stays as it is in the store.
    void suspend();
    bool suspended() const { return suspended_; }

    // True: an abort (if `or_abort`) or a suspension came meanwhile.
    bool sleep(std::chrono::milliseconds duration, bool or_abort);
    // Until is_finished(), suspended, or time is up.
    JobRecord wait_finished(std::chrono::milliseconds timeout);
    // Until there are events from `from` on, the end, suspended, or time is up. `ended`: the
    // end event is the last of them.
    std::vector<base::Json> wait_events(std::uint64_t from, std::chrono::milliseconds timeout,
                                        bool& ended);

  private:
    struct Event {
        std::uint64_t seq = 0;
        bool is_progress = false;
        bool stored = false;
        base::Json json;
    };
    void append_locked(base::Json event, bool is_progress);
    void drop_old_locked();

    Store& store_;
    const JobId id_;
    const std::size_t keep_events_;
    std::atomic<bool> abort_{false};
    std::atomic<bool> suspended_{false};

    std::mutex mutex_;  // guards everything below
    std::condition_variable changed_;
    JobRecord published_;
    bool closed_ = false;
    std::deque<Event> events_;
    std::uint64_t next_seq_ = 1;
    std::vector<std::string> stale_keys_;  // stored events that fell out, deleted with a commit
    std::chrono::steady_clock::time_point last_progress_;
};

}  // namespace hvruntime
