// SPDX-License-Identifier: Apache-2.0
// The guest's end of the channel: finds and opens the virtio-serial port, notices when the host
// comes and goes, and moves keys and events between the port and the state. Runs in the daemon's
// event loop.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "base/fd.h"
#include "hvruntime/guest/agent/channel/event_loop.h"
#include "hvruntime/guest/agent/channel/guest_state.h"
#include "hvruntime/guest/agent/channel/uevents.h"
#include "hvruntime/guest/channel_session.h"

namespace hvruntime::agent {

class ChannelEnd {
  public:
    // `port` empty: the port of that name, as soon as the kernel has it. A unix socket is connected
    // to. on_change hears what the host changed, on_freeze what it wants to stand still.
    ChannelEnd(EventLoop& loop, GuestState& state, std::filesystem::path port,
               std::function<void(std::span<const KeyEntry>)> on_change,
               std::function<void(const FreezeNote&)> on_freeze);

    void send_keys(std::span<const RemoteKey> keys);
    void send_event(const GuestEvent& event);
    void send_freeze_note(const FreezeNote& note);

  private:
    void open();
    void close();
    void service();
    bool read_port();
    void receive(std::string_view bytes);
    void act(const Received& received);
    void flush();
    void arm_knock(std::chrono::milliseconds delay);
    void knock();
    void settle_events();

    EventLoop& loop_;
    GuestState& state_;
    const std::filesystem::path wanted_port_;
    const std::function<void(std::span<const KeyEntry>)> on_change_;
    const std::function<void(const FreezeNote&)> on_freeze_;
    ChannelSession session_;
    std::unique_ptr<Uevents> uevents_;  // while waiting for the port
    EventLoop::Id uevents_watch_ = 0;
    base::UniqueFd port_;
    bool is_socket_ = false;
    EventLoop::Id port_watch_ = 0;
    EventLoop::Id knock_timer_ = 0;
    bool host_there_ = false;
    std::deque<std::pair<std::uint64_t, std::uint64_t>> events_sent_;  // message and event numbers
};

}  // namespace hvruntime::agent
