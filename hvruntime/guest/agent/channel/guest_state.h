// SPDX-License-Identifier: Apache-2.0
// The keys and unsent events of this boot, as the guest's daemon keeps them in /run/muster-guest:
// they survive a restart of the daemon, and the other verbs can read them while it is not running.
// Below the keys lie the properties of the environment.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hvruntime/guest/agent/places.h"
#include "hvruntime/guest/key_table.h"

namespace hvruntime::agent {

std::string read_boot_id();

class GuestState {
  public:
    explicit GuestState(const Places& places);

    // Plan, save, apply.
    KeyTable::Applied set(std::span<const KeyWrite> writes);
    // Of the changes, those are left out whose value a reader saw before: at boot the host says
    // again what the environment said.
    KeyTable::Applied receive(std::span<const RemoteKey> keys, bool snapshot);
    GuestEvent add_event(const std::string& text);
    void forget_events(std::uint64_t up_to_id);
    const std::deque<GuestEvent>& events() const { return events_; }
    std::vector<RemoteKey> own_snapshot() const { return table_.own_snapshot(); }

    // Keys first, then properties.
    std::optional<KeyEntry> find(const std::string& key) const;
    std::vector<KeyEntry> list(const std::string& prefix) const;

  private:
    KeyTable::Applied commit(std::span<const KeyRecord> records);
    void load();
    void save(const KeyTable& table) const;

    const Places places_;
    const std::string boot_;
    KeyTable table_{Side::guest};
    std::deque<GuestEvent> events_;  // not yet acknowledged, oldest first
    std::uint64_t last_event_id_ = 0;
};

}  // namespace hvruntime::agent
