// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/channel_end.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace hvruntime::agent {

namespace {

namespace fs = std::filesystem;

// A host that has just come greets by itself; only one that was there before needs a knock.
constexpr std::chrono::milliseconds kFirstKnock{250};
constexpr std::chrono::milliseconds kNextKnock{2000};
constexpr std::chrono::milliseconds kReopen{500};

// The device of the port by its name in sysfs: there before udev has made its links.
std::optional<fs::path> find_port() {
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator("/sys/class/virtio-ports", absent)) {
        try {
            std::string name = base::read_file(entry.path() / "name", 256);
            name.erase(name.find_last_not_of('\n') + 1);
            const fs::path device = fs::path("/dev") / entry.path().filename();
            if (name == kGuestPortName && fs::exists(device)) {
                return device;
            }
        } catch (const base::Error&) {  // no name yet: its event is still to come
            continue;
        }
    }
    return std::nullopt;
}

base::UniqueFd connect_socket(const fs::path& path) {
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    // SAFETY: the socket API takes every address type through sockaddr.
    if (!fd ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        throw base::SystemError(errno, fmt::format("connecting to '{}'", path.string()));
    }
    return fd;
}

}  // namespace

ChannelEnd::ChannelEnd(EventLoop& loop, GuestState& state, fs::path port,
                       std::function<void(std::span<const KeyEntry>)> on_change,
                       std::function<void(const FreezeNote&)> on_freeze)
    : loop_(loop),
      state_(state),
      wanted_port_(std::move(port)),
      on_change_(std::move(on_change)),
      on_freeze_(std::move(on_freeze)),
      session_({.side = Side::guest,
                .version = MUSTER_VERSION,
                .boot = read_boot_id(),
                .freezes = true}) {
    if (wanted_port_.empty()) {
        uevents_ = std::make_unique<Uevents>();  // before looking, so that nothing is missed
        uevents_watch_ = loop_.add(uevents_->fd(), EPOLLIN, [this](std::uint32_t) {
            uevents_->drain();
            if (!port_) {
                open();
            }
        });
    }
    open();
}

void ChannelEnd::open() {
    const std::optional<fs::path> path =
        wanted_port_.empty() ? find_port() : std::optional(wanted_port_);
    if (!path) {
        return;
    }
    try {
        is_socket_ = fs::is_socket(*path);
        port_ = is_socket_ ? connect_socket(*path)
                           : base::open_file(path->string(), O_RDWR | O_NONBLOCK);
    } catch (const base::Error& error) {  // busy, or not there after all
        base::log(base::LogLevel::info, "channel", "{}", error.message());
        loop_.after(kReopen, [this] {
            if (!port_) {
                open();
            }
        });
        return;
    }
    // Edge-triggered: a port without a host reports a hang-up all the time.
    port_watch_ =
        loop_.add(port_.get(), EPOLLIN | EPOLLOUT | EPOLLET, [this](std::uint32_t) { service(); });
}

void ChannelEnd::close() {
    loop_.remove(port_watch_, port_.get());
    loop_.cancel(knock_timer_);
    port_.reset();
    session_.end();
    host_there_ = false;
    loop_.after(kReopen, [this] {
        if (!port_) {
            open();
        }
    });
}

void ChannelEnd::service() {
    if (!read_port()) {
        close();
        return;
    }
    flush();
    settle_events();
    if (!session_.fault().empty()) {
        base::log(base::LogLevel::info, "channel", "beginning again: {}", session_.fault());
        session_.begin();
        arm_knock(kFirstKnock);
    }
}

// Until there is nothing to read. False: the port is gone.
bool ChannelEnd::read_port() {
    while (port_) {
        std::array<char, 65536> buffer;
        const ssize_t got = ::read(port_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno != EAGAIN) {
            return false;
        }
        if (got ==
            0) {  // no host at the other end; a socket is done with, a port waits for another
            session_.end();
            host_there_ = false;
            loop_.cancel(knock_timer_);
            return !is_socket_;
        }
        if (!host_there_) {
            host_there_ = true;
            session_.begin();
            arm_knock(kFirstKnock);
        }
        if (got < 0) {
            return true;
        }
        receive(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    }
    return true;
}

void ChannelEnd::receive(std::string_view bytes) {
    for (const Received& thing : session_.receive(bytes)) {
        try {
            act(thing);
        } catch (const base::Error& error) {
            base::log(base::LogLevel::error, "channel", "{}", error.message());
            session_.begin();  // nothing was acknowledged: the next snapshot says it again
            arm_knock(kNextKnock);
            return;
        }
    }
}

void ChannelEnd::act(const Received& received) {
    if (std::holds_alternative<SessionOpened>(received)) {
        loop_.cancel(knock_timer_);
        session_.send_snapshot(state_.own_snapshot());
        events_sent_.clear();
        for (const GuestEvent& event : state_.events()) {
            session_.send_event(event);
            events_sent_.emplace_back(session_.last_sent(), event.id);
        }
    } else if (const auto* keys = std::get_if<KeysReceived>(&received)) {
        const KeyTable::Applied applied = state_.receive(keys->keys, keys->snapshot);
        session_.send_keys(applied.to_send);
        session_.acknowledge(keys->ticket);
        on_change_(applied.visible);
    } else if (const auto* freeze = std::get_if<FreezeNoteReceived>(&received)) {
        session_.acknowledge(freeze->ticket);
        on_freeze_(freeze->note);
    } else if (const auto* due = std::get_if<AckDue>(&received)) {
        session_.acknowledge(due->ticket);
    }
}

void ChannelEnd::settle_events() {
    std::uint64_t done = 0;
    while (session_.open() && !events_sent_.empty() &&
           events_sent_.front().first <= session_.acknowledged()) {
        done = events_sent_.front().second;
        events_sent_.pop_front();
    }
    if (done > 0) {
        state_.forget_events(done);
    }
}

void ChannelEnd::flush() {
    while (port_ && !session_.output().empty()) {
        const std::string_view output = session_.output();
        const ssize_t sent = ::write(port_.get(), output.data(), output.size());
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return;  // full, or the host went: an event follows in both cases
        }
        session_.consume_output(static_cast<std::size_t>(sent));
    }
}

void ChannelEnd::arm_knock(std::chrono::milliseconds delay) {
    loop_.cancel(knock_timer_);
    knock_timer_ = loop_.after(delay, [this] { knock(); });
}

void ChannelEnd::knock() {
    if (host_there_ && !session_.open()) {
        session_.knock();
        flush();
        arm_knock(kNextKnock);
    }
}

void ChannelEnd::send_keys(std::span<const RemoteKey> keys) {
    session_.send_keys(keys);
    flush();
}

void ChannelEnd::send_freeze_note(const FreezeNote& note) {
    session_.send_freeze_note(note);
    flush();
}

void ChannelEnd::send_event(const GuestEvent& event) {
    if (session_.open()) {
        session_.send_event(event);
        events_sent_.emplace_back(session_.last_sent(), event.id);
        flush();
    }
}

}  // namespace hvruntime::agent
