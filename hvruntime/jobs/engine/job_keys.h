// SPDX-License-Identifier: Apache-2.0
// Where jobs stand in the store. Ids and sequence numbers have leading zeros so that keys sort.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "hvruntime/jobs/job.h"

namespace hvruntime {

inline constexpr std::string_view kJobRecords = "/jobs/records/";
inline constexpr std::string_view kJobLocks = "/jobs/locks/";    // value: the id of the holder
inline constexpr std::string_view kJobAborts = "/jobs/aborts/";  // there: abort was asked for

inline std::string record_key(JobId id) {
    return fmt::format("{}{:020}", kJobRecords, id);
}
inline std::string lock_key(std::string_view lock) {
    return fmt::format("{}{}", kJobLocks, lock);
}
inline std::string abort_key(JobId id) {
    return fmt::format("{}{:020}", kJobAborts, id);
}
inline std::string events_prefix(JobId id) {
    return fmt::format("/jobs/events/{:020}/", id);
}
inline std::string event_key(JobId id, std::uint64_t seq) {
    return fmt::format("{}{:020}", events_prefix(id), seq);
}

}  // namespace hvruntime
