// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "hvruntime/jobs/engine/job_engine_core.h"
#include "hvruntime/jobs/engine/job_keys.h"

namespace hvruntime {

using base::Error;
using base::ErrorKind;
using base::Json;

JobRecord parse_job_entry(const Entry& entry) {
    return parse_job_record(base::parse_json(entry.value, "a stored job record"));
}

void throw_job_not_found(JobId id) {
    throw Error(ErrorKind::not_found, fmt::format("there is no job {}", id), "see 'muster jobs'");
}

const JobKind* JobEngine::Core::find_kind(std::string_view name) const {
    const auto found = std::find_if(kinds_.begin(), kinds_.end(),
                                    [&](const JobKind& kind) { return kind.name == name; });
    return found == kinds_.end() ? nullptr : &*found;
}

LivePtr JobEngine::Core::find_live(JobId id) {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(id);
    return found == live_.end() ? nullptr : found->second;
}

// A job that has just finished is in both places for a moment: waits until it is only stored.
LivePtr JobEngine::Core::find_unfinished(JobId id) {
    const LivePtr live = find_live(id);
    if (!live || !live->snapshot().is_finished()) {
        return live;
    }
    std::unique_lock lock(mutex_);
    moved_.wait_for(lock, std::chrono::seconds(10), [&] {
        const auto found = live_.find(id);
        return found == live_.end() || found->second != live;
    });
    return nullptr;
}

std::optional<JobRecord> JobEngine::Core::find_stored(JobId id) {
    const auto entry = store_.find(record_key(id));
    return entry ? std::optional(parse_job_entry(*entry)) : std::nullopt;
}

std::optional<JobRecord> JobEngine::Core::find(JobId id) {
    const LivePtr live = find_live(id);
    return live ? std::optional(live->snapshot()) : find_stored(id);
}

std::vector<JobRecord> JobEngine::Core::list() {
    std::vector<JobRecord> records;
    const Range stored = store_.range(kJobRecords);
    for (auto entry = stored.entries.rbegin(); entry != stored.entries.rend(); ++entry) {
        JobRecord record = parse_job_entry(*entry);
        const LivePtr live = find_live(record.id);
        records.push_back(live ? live->snapshot() : std::move(record));
    }
    return records;
}

JobRecord JobEngine::Core::wait(JobId id, std::chrono::milliseconds timeout) {
    const LivePtr live = find_live(id);
    const std::optional<JobRecord> record = live ? live->wait_finished(timeout) : find_stored(id);
    if (!record) {
        throw_job_not_found(id);
    }
    if (record->is_finished()) {
        return *record;
    }
    if (live && live->suspended()) {
        throw Error(ErrorKind::environment, "the daemon is stopping",
                    "the job goes on when it is started again");
    }
    throw Error(ErrorKind::timeout,
                fmt::format("job {} ({}) has not ended in time", id, record->title));
}

JobEvents JobEngine::Core::events(JobId id, std::uint64_t from, std::chrono::milliseconds timeout) {
    JobEvents result;
    if (const LivePtr live = find_live(id)) {
        result.events = live->wait_events(from, timeout, result.ended);
        if (result.events.empty() && live->suspended()) {
            throw Error(ErrorKind::environment, "the daemon is stopping");
        }
        return result;
    }
    const std::optional<JobRecord> record = find_stored(id);
    if (!record) {
        throw_job_not_found(id);
    }
    if (!record->is_finished()) {  // just being submitted
        std::this_thread::sleep_for(std::min(timeout, std::chrono::milliseconds(50)));
        return result;
    }
    std::uint64_t last = 0;
    for (const Entry& entry : store_.range(events_prefix(id)).entries) {
        Json event = base::parse_json(entry.value, "a stored job event");
        last = event.at("seq").get<std::uint64_t>();
        if (last >= from) {
            result.events.push_back(std::move(event));
        }
    }
    result.events.push_back(make_end_event(*record, last));
    result.ended = true;
    return result;
}

}  // namespace hvruntime
