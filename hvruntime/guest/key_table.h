// SPDX-License-Identifier: Apache-2.0
// The keys of one machine as one side sees them. Each side writes only its own versions and holds a
// copy of the other's, so replication has no conflicts; which version counts is decided when
// reading. plan_…() is pure and says which records would change; apply() makes it so. Between the
// two the caller makes the records durable. Not thread-safe: the owner locks.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hvruntime/guest/key_entry.h"

namespace hvruntime {

// A version on its way from the side that wrote it.
struct RemoteKey {
    std::string key;
    KeyVersion version;
    bool forgotten = false;  // the writer has no version of its own any more
};

class KeyTable {
  public:
    explicit KeyTable(Side self) : self_(self) {}
    KeyTable(Side self, std::span<const KeyRecord> stored);

    // One batch, one revision. Writes that change nothing are left out. Throws invalid_input for a
    // bad key or value and conflict when a limit is passed; nothing is applied then.
    std::vector<KeyRecord> plan_set(std::span<const KeyWrite> writes) const;
    // What the other side sent. Throws invalid_input when it goes past a limit.
    std::vector<KeyRecord> plan_remote(std::span<const RemoteKey> keys) const;
    // All of the other side's versions: those not named are gone.
    std::vector<KeyRecord> plan_remote_snapshot(std::span<const RemoteKey> keys) const;

    struct Applied {
        std::vector<KeyEntry> visible;   // what changed for a reader
        std::vector<RemoteKey> to_send;  // what the other side needs to hear
    };
    Applied apply(std::span<const KeyRecord> records);

    std::optional<KeyEntry> find(std::string_view key) const;
    std::vector<KeyEntry> list(std::string_view prefix = "") const;  // sorted by key
    std::vector<RemoteKey> own_snapshot() const;
    std::vector<KeyRecord> records() const;

  private:
    using Records = std::map<std::string, KeyRecord, std::less<>>;

    void stage_write(const KeyWrite& write, std::uint64_t revision, Records& staged) const;
    KeyRecord current(const std::string& key, const Records& staged) const;
    std::vector<KeyRecord> changed_records(Records&& staged) const;
    void check_limits(Side side, std::span<const KeyRecord> changed) const;

    Side self_;
    Records records_;
    std::uint64_t clock_ = 0;  // the highest revision seen
};

}  // namespace hvruntime
