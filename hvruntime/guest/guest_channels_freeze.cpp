// SPDX-License-Identifier: Apache-2.0
// The part of GuestChannels that lets a machine's file systems stand still.
#include <fmt/format.h>

#include "base/error.h"
#include "hvruntime/guest/guest_channel_state.h"
#include "hvruntime/guest/guest_channels.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;

// No other freeze of this machine has it, not even one of a daemon before this one.
std::uint64_t new_freeze_id() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

std::string GuestChannels::why_not_freeze(const std::string& machine) {
    const ChannelPtr channel = require_channel(machine);
    const std::lock_guard lock(mutex_);
    if (!channel->session.open()) {
        return "its guest agent is not connected";
    }
    return channel->state.can_freeze
               ? ""
               : fmt::format("its guest agent ({}) is of a version that cannot freeze",
                             channel->state.agent_version);
}

FrozenGuest GuestChannels::freeze(const std::string& machine, std::chrono::milliseconds hold,
                                  std::chrono::milliseconds limit) {
    if (const std::string why = why_not_freeze(machine); !why.empty()) {
        throw Error(ErrorKind::unsupported, why, "have muster-guest run in it");
    }
    const ChannelPtr channel = require_channel(machine);
    std::unique_lock lock(mutex_);
    const std::uint64_t id = new_freeze_id();
    channel->frozen.reset();
    channel->thawed.reset();
    channel->freeze_id = id;
    channel->session.send_freeze_note({.step = FreezeStep::freeze,
                                       .id = id,
                                       .hold_ms = static_cast<std::uint64_t>(hold.count())});
    wake();
    changed_.wait_for(lock, limit, [&] {
        return channel->frozen || channel->forgotten || !channel->session.open();
    });
    if (!channel->frozen) {
        // Should it come about later, it ends at once.
        channel->session.send_freeze_note({.step = FreezeStep::thaw, .id = id});
        wake();
        throw Error(ErrorKind::timeout,
                    fmt::format("its file systems did not come to rest within {} s",
                                std::chrono::duration_cast<std::chrono::seconds>(limit).count()),
                    "try again when it writes less");
    }
    if (!channel->frozen->error.empty()) {
        throw Error(ErrorKind::external,
                    fmt::format("its guest agent says: {}", channel->frozen->error));
    }
    return {.id = id, .file_systems = channel->frozen->count};
}

bool GuestChannels::thaw(const std::string& machine, std::uint64_t id,
                         std::chrono::milliseconds limit) {
    const ChannelPtr channel = require_channel(machine);
    std::unique_lock lock(mutex_);
    if (channel->freeze_id != id) {  // one was refused meanwhile, because of this one
        channel->freeze_id = id;
        channel->thawed.reset();
    }
    if (!channel->thawed) {
        channel->session.send_freeze_note({.step = FreezeStep::thaw, .id = id});
        wake();
    }
    changed_.wait_for(lock, limit, [&] {
        return channel->thawed || channel->forgotten || !channel->session.open();
    });
    return channel->thawed && channel->thawed->id == id && !channel->thawed->late;
}

// With mutex_ held: what the guest says.
void GuestChannels::take_freeze_note(Channel& channel, const FreezeNote& note) {
    if (note.id != channel.freeze_id) {
        return;
    }
    if (note.step == FreezeStep::frozen && !channel.frozen) {
        channel.frozen = note;
    } else if (note.step == FreezeStep::thawed && !channel.thawed) {
        channel.thawed = note;
    }
}

}  // namespace hvruntime
