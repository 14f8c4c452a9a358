// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/jobs/engine/live_job.h"

#include <algorithm>

#include "hvruntime/jobs/engine/job_keys.h"

namespace hvruntime {

using base::Json;
using std::chrono::steady_clock;

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Json make_end_event(const JobRecord& record, std::uint64_t last_seq) {
    return Json{{"seq", last_seq + 1},
                {"time_ms", record.finished_ms},
                {"type", "end"},
                {"job", to_public_json(record)}};
}

LiveJob::LiveJob(Store& store, JobRecord record, std::size_t keep_events)
    : store_(store),
      id_(record.id),
      keep_events_(std::max<std::size_t>(keep_events, 2)),
      published_(std::move(record)) {
    for (const Entry& entry : store_.range(events_prefix(id_)).entries) {
        Json json = base::parse_json(entry.value, "a stored job event");
        const auto seq = json.at("seq").get<std::uint64_t>();
        events_.push_back({seq, false, true, std::move(json)});
    }
    // The last run may have shown events that it did not live to store: numbers start above all of
    // them, and stay exact in a double.
    constexpr unsigned kRunShift = 32;
    next_seq_ = (std::uint64_t{published_.runs} << kRunShift) + 1;
    if (!events_.empty()) {
        next_seq_ = std::max(next_seq_, events_.back().seq + 1);
    }
}

JobRecord LiveJob::snapshot() {
    const std::lock_guard lock(mutex_);
    return published_;
}

void LiveJob::append_locked(Json event, bool is_progress) {
    // Only the latest progress is of interest.
    if (!events_.empty() && events_.back().is_progress) {
        events_.pop_back();
    }
    const std::uint64_t seq = next_seq_++;
    Json json{{"seq", seq}, {"time_ms", now_ms()}};
    json.update(event);
    events_.push_back({seq, is_progress, false, std::move(json)});
    drop_old_locked();
}

void LiveJob::drop_old_locked() {
    while (events_.size() > keep_events_) {
        if (events_.front().stored) {
            stale_keys_.push_back(event_key(id_, events_.front().seq));
        }
        events_.pop_front();
    }
}

void LiveJob::add_event(Json event) {
    const std::lock_guard lock(mutex_);
    append_locked(std::move(event), false);
    changed_.notify_all();
}

void LiveJob::set_progress(std::uint64_t done, std::uint64_t total, std::string_view text) {
    const std::lock_guard lock(mutex_);
    published_.progress = Json{{"done", done}, {"total", total}, {"text", text}};
    const auto now = steady_clock::now();
    if (now - last_progress_ < std::chrono::milliseconds(100) && done != total) {
        return;  // a copy loop may call this for every block
    }
    last_progress_ = now;
    Json event = published_.progress;
    event["type"] = "progress";
    append_locked(std::move(event), true);
    changed_.notify_all();
}

void LiveJob::reset_progress() {
    const std::lock_guard lock(mutex_);
    published_.progress = nullptr;
    last_progress_ = {};
}

bool LiveJob::commit(const JobRecord& record, Transaction more) {
    std::vector<std::uint64_t> written;
    std::vector<std::string> dropped;
    {
        const std::lock_guard lock(mutex_);
        for (const Event& event : events_) {
            if (!event.stored && !event.is_progress) {
                more.puts.push_back({event_key(id_, event.seq), base::to_json_text(event.json)});
                written.push_back(event.seq);
            }
        }
        dropped = stale_keys_;
    }
    more.puts.push_back({record_key(id_), base::to_json_text(to_stored_json(record))});
    more.deletes.insert(more.deletes.end(), dropped.begin(), dropped.end());
    if (!store_.commit(more)) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    stale_keys_.erase(stale_keys_.begin(),
                      stale_keys_.begin() + static_cast<std::ptrdiff_t>(dropped.size()));
    for (const std::uint64_t seq : written) {
        const auto found = std::find_if(events_.begin(), events_.end(),
                                        [seq](const Event& event) { return event.seq == seq; });
        if (found != events_.end()) {
            found->stored = true;
        } else {
            stale_keys_.push_back(event_key(id_, seq));  // fell out while it was being written
        }
    }
    Json progress = std::move(published_.progress);
    published_ = record;
    published_.abort_requested = abort_;
    published_.progress = record.is_finished() ? Json() : std::move(progress);
    changed_.notify_all();
    return true;
}

void LiveJob::publish(const JobRecord& record) {
    const std::lock_guard lock(mutex_);
    published_ = record;
    published_.abort_requested = abort_;
    changed_.notify_all();
}

bool LiveJob::request_abort() {
    const std::lock_guard lock(mutex_);
    if (closed_) {
        return false;
    }
    abort_ = true;
    published_.abort_requested = true;
    changed_.notify_all();
    return true;
}

bool LiveJob::close() {
    const std::lock_guard lock(mutex_);
    closed_ = !abort_;
    return closed_;
}

void LiveJob::suspend() {
    const std::lock_guard lock(mutex_);
    suspended_ = true;
    changed_.notify_all();
}

bool LiveJob::sleep(std::chrono::milliseconds duration, bool or_abort) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, steady_clock::now() + duration,
                               [&] { return suspended_ || (or_abort && abort_); });
}

JobRecord LiveJob::wait_finished(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, steady_clock::now() + timeout,
                        [&] { return suspended_ || published_.is_finished(); });
    return published_;
}

std::vector<Json> LiveJob::wait_events(std::uint64_t from, std::chrono::milliseconds timeout,
                                       bool& ended) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, steady_clock::now() + timeout, [&] {
        return suspended_ || published_.is_finished() ||
               (!events_.empty() && events_.back().seq >= from);
    });
    std::vector<Json> found;
    for (const Event& event : events_) {
        if (event.seq >= from) {
            found.push_back(event.json);
        }
    }
    ended = published_.is_finished();
    if (ended) {
        found.push_back(make_end_event(published_, events_.empty() ? 0 : events_.back().seq));
    }
    return found;
}

}  // namespace hvruntime
