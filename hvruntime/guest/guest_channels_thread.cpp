// SPDX-License-Identifier: Apache-2.0
// The one thread that serves all connections of GuestChannels.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "hvruntime/guest/guest_channel_state.h"
#include "hvruntime/guest/guest_channels.h"

namespace hvruntime {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 64U << 10U;
// Beyond this nothing more is read from a guest until it has read what it asked for.
constexpr std::size_t kBusyOutput = 1U << 20U;
// A guest that does not read: the session is given up, the next snapshot says it all.
constexpr std::size_t kMostOutput = 32U << 20U;
constexpr std::chrono::seconds kGoodSession{5};  // forgives earlier failures
constexpr int kSilentPings = 2;

// Throws SystemError; EAGAIN when QEMU has no room for another client now.
base::UniqueFd connect_unix(const std::string& path) {
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
        throw base::SystemError(errno, "making a socket");
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof(address.sun_path) - 1));
    // SAFETY: the socket API takes every address type through sockaddr.
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        throw base::SystemError(errno, fmt::format("connecting to '{}'", path));
    }
    return fd;
}

}  // namespace

void GuestChannels::wake() const {
    const std::uint64_t one = 1;
    // A full counter wakes as well.
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
}

void GuestChannels::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const std::vector<ChannelPtr> channels = attached_channels();
        std::vector<pollfd> polls{{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
        auto until = Clock::time_point::max();
        for (const ChannelPtr& channel : channels) {
            base::guarded("guest", [&] { tick(*channel); });
            const std::lock_guard lock(mutex_);
            const std::size_t waiting = channel->session.output().size();
            const int events = (waiting < kBusyOutput ? POLLIN : 0) | (waiting > 0 ? POLLOUT : 0);
            polls.push_back({.fd = channel->fd.get(),  // negative ones are skipped by poll
                             .events = static_cast<short>(events),
                             .revents = 0});
            until = std::min(
                until, channel->fd ? channel->pinged_at + times_.ping_every : channel->retry_at);
        }
        int limit = -1;
        if (until != Clock::time_point::max()) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
            limit = static_cast<int>(std::clamp<long>(left, 0, 60'000));
        }
        if (::poll(polls.data(), polls.size(), limit) < 0 && errno != EINTR) {
            base::log(base::LogLevel::error, "guest", "poll: {}", std::strerror(errno));
            return;
        }
        std::uint64_t drained = 0;
        [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &drained, sizeof(drained));
        for (std::size_t i = 0; i < channels.size(); ++i) {
            base::guarded("guest", [&] { serve(*channels[i], polls[i + 1].revents); });
        }
    }
}

// Those to serve; connections of channels that were detached, moved or forgotten are closed here,
// since only this thread touches them.
std::vector<GuestChannels::ChannelPtr> GuestChannels::attached_channels() {
    std::vector<ChannelPtr> channels;
    std::vector<ChannelPtr> changed;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [machine, channel] : channels_) {
            if (channel->moved) {
                channel->moved = false;
                channel->fd.reset();
                channel->session.end();
                channel->retry_after = times_.retry_first;
                channel->retry_at = {};
                channel->state.problem.clear();
                changed.push_back(channel);
            }
            if (!channel->socket_path.empty()) {
                channels.push_back(channel);
            }
        }
    }
    for (const ChannelPtr& channel : changed) {
        changed_.notify_all();
        tell_state(*channel);
    }
    return channels;
}

void GuestChannels::tick(Channel& channel) {
    const auto now = Clock::now();
    if (!channel.fd) {
        open_if_due(channel);
        return;
    }
    if (now - channel.pinged_at < times_.ping_every) {
        return;
    }
    channel.pinged_at = now;
    bool silent = false;
    {
        const std::lock_guard lock(mutex_);
        silent = channel.session.open() && !channel.session.settled() &&
                 now - channel.heard_at >= kSilentPings * times_.ping_every;
        channel.session.send_ping();
    }
    if (silent) {
        drop(channel, "the guest's agent does not answer");
    }
}

void GuestChannels::open_if_due(Channel& channel) {
    const auto now = Clock::now();
    if (now < channel.retry_at) {
        return;
    }
    std::string path;
    {
        const std::lock_guard lock(mutex_);
        path = channel.socket_path;
    }
    try {
        channel.fd = connect_unix(path);
    } catch (const base::Error& error) {
        drop(channel, error.message());  // sets the time of the next try
        return;
    }
    channel.opened_at = channel.pinged_at = channel.heard_at = now;
    const std::lock_guard lock(mutex_);
    channel.session.begin();
}

// Closes the connection; the next try comes after a pause that doubles up to a limit.
void GuestChannels::drop(Channel& channel, const std::string& problem) {
    const auto now = Clock::now();
    if (channel.fd && now - channel.opened_at >= kGoodSession) {
        channel.retry_after = times_.retry_first;
    }
    channel.fd.reset();
    channel.retry_at = now + channel.retry_after;
    channel.retry_after = std::min(2 * channel.retry_after, times_.retry_most);
    bool news = false;
    {
        const std::lock_guard lock(mutex_);
        channel.session.end();
        news = channel.state.problem != problem;
        channel.state.problem = problem;
    }
    if (news) {
        base::log(base::LogLevel::info, "guest", "machine '{}': {}", channel.machine, problem);
    }
    changed_.notify_all();
    tell_state(channel);
}

void GuestChannels::serve(Channel& channel, short events) {
    if (!channel.fd) {
        return;
    }
    try {
        if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
            read_from(channel);
        }
        flush(channel);
        std::string fault;
        {
            const std::lock_guard lock(mutex_);
            fault = channel.session.fault();
            if (fault.empty() && channel.session.output().size() > kMostOutput) {
                fault = "the guest's agent does not read";
            }
        }
        if (!fault.empty()) {
            drop(channel, fault);
        }
    } catch (const base::Error& error) {
        drop(channel, error.message());
    }
}

void GuestChannels::read_from(Channel& channel) {
    std::array<char, kReadBytes> buffer;
    const ssize_t got = ::recv(channel.fd.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        const std::string why =
            got == 0 ? "the machine has closed the channel" : std::string(std::strerror(errno));
        throw base::Error(base::ErrorKind::external, why);
    }
    channel.heard_at = Clock::now();
    std::vector<Received> things;
    {
        const std::lock_guard lock(mutex_);
        things =
            channel.session.receive(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
        channel.state.last_seen = std::chrono::system_clock::now();
    }
    for (const Received& thing : things) {
        act(channel, thing);
    }
    changed_.notify_all();  // acknowledgements
    tell_state(channel);
}

void GuestChannels::act(Channel& channel, const Received& received) {
    if (const auto* opened = std::get_if<SessionOpened>(&received)) {
        const std::lock_guard lock(mutex_);
        channel.state.agent_version = opened->peer.version;
        channel.state.boot_id = opened->peer.boot;
        channel.state.can_freeze = opened->peer.freezes;
        channel.state.problem.clear();
        channel.session.send_snapshot(channel.table.own_snapshot());
    } else if (const auto* keys = std::get_if<KeysReceived>(&received)) {
        commit(
            channel,
            [&] {
                return keys->snapshot ? channel.table.plan_remote_snapshot(keys->keys)
                                      : channel.table.plan_remote(keys->keys);
            },
            [&] { channel.session.acknowledge(keys->ticket); });
    } else if (const auto* event = std::get_if<EventReceived>(&received)) {
        GuestEvent told = event->event;
        {
            const std::lock_guard lock(mutex_);
            told.boot = channel.state.boot_id;
        }
        const bool repeated =
            channel.last_event_boot == told.boot && told.id <= channel.last_event_id;
        channel.last_event_boot = told.boot;
        channel.last_event_id = std::max(told.id, repeated ? channel.last_event_id : told.id);
        if (!repeated && listener_.on_event) {
            base::guarded("guest", [&] { listener_.on_event(channel.machine, told); });
        }
        const std::lock_guard lock(mutex_);
        channel.session.acknowledge(event->ticket);
    } else if (const auto* freeze = std::get_if<FreezeNoteReceived>(&received)) {
        const std::lock_guard lock(mutex_);
        take_freeze_note(channel, freeze->note);
        channel.session.acknowledge(freeze->ticket);
    } else if (const auto* due = std::get_if<AckDue>(&received)) {
        const std::lock_guard lock(mutex_);
        channel.session.acknowledge(due->ticket);
    }
}

void GuestChannels::flush(Channel& channel) {
    while (true) {
        const std::lock_guard lock(mutex_);
        const std::string_view output = channel.session.output();
        if (output.empty()) {
            return;
        }
        const ssize_t sent = ::send(channel.fd.get(), output.data(), output.size(), MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (sent < 0) {
            throw base::SystemError(errno, "writing to the guest channel");
        }
        channel.session.consume_output(static_cast<std::size_t>(sent));
    }
}

// Tells the listener when a machine's agent came or went.
void GuestChannels::tell_state(Channel& channel) {
    GuestState state;
    {
        const std::lock_guard lock(mutex_);
        state = channel.state;
        state.connected = channel.session.open();
        state.settled = channel.session.settled();
        if (channel.shown_connected == state.connected) {
            return;
        }
        channel.shown_connected = state.connected;
    }
    if (listener_.on_state) {
        base::guarded("guest", [&] { listener_.on_state(channel.machine, state); });
    }
}

}  // namespace hvruntime
