// SPDX-License-Identifier: Apache-2.0
// What GuestChannels keeps of one machine. Private to guest_channels*.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/fd.h"
#include "hvruntime/guest/channel_session.h"
#include "hvruntime/guest/guest_channels.h"
#include "hvruntime/guest/key_table.h"

namespace hvruntime {

struct GuestChannels::Channel {
    using Clock = std::chrono::steady_clock;

    Channel(std::string name, std::span<const KeyRecord> stored, std::chrono::milliseconds first)
        : machine(std::move(name)),
          table(Side::host, stored),
          session({.side = Side::host, .version = MUSTER_VERSION, .boot = ""}),
          retry_after(first) {}

    const std::string machine;

    // Held from planning a change to its being durable and applied, so that the store sees changes
    // in their order. Taken before GuestChannels::mutex_. Guards nothing by itself.
    std::mutex order;

    // Guarded by GuestChannels::mutex_.
    KeyTable table;
    ChannelSession session;
    GuestState state;
    std::string socket_path;  // empty: not attached
    bool moved = false;       // socket_path is another one than fd's
    bool forgotten = false;
    bool shown_connected = false;  // what on_state last heard
    std::uint64_t freeze_id = 0;   // of the last freeze, with what the guest said of it
    std::optional<FreezeNote> frozen;
    std::optional<FreezeNote> thawed;

    // Of the channels' thread alone.
    base::UniqueFd fd;
    std::chrono::milliseconds retry_after;
    Clock::time_point retry_at{};
    Clock::time_point opened_at{};
    Clock::time_point pinged_at{};
    Clock::time_point heard_at{};
    std::string last_event_boot;
    std::uint64_t last_event_id = 0;
};

}  // namespace hvruntime
