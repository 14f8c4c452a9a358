// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/uplink.h"

#include <arpa/inet.h>
#include <libslirp.h>
#include <sys/socket.h>
#include <cstring>
#include <list>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"

namespace hvruntime::net {

namespace {

using std::chrono::milliseconds;

struct Timer {
    SlirpTimerId id;
    void* opaque;
    std::optional<TimePoint> due;
};

in_addr to_in_addr(Ipv4Address ip) {
    return in_addr{htonl(ip.value)};
}

sockaddr_in to_sockaddr(Ipv4Address ip, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr = to_in_addr(ip);
    address.sin_port = htons(port);
    return address;
}

// A port that nobody uses now. It may be taken before libslirp binds it: callers try again.
std::uint16_t find_free_port(Ipv4Address host) {
    const base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = to_sockaddr(host, 0);
    socklen_t size = sizeof address;
    // SAFETY: sockaddr_in is passed as the sockaddr that the sockets API asks for, with its size.
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (!fd || ::bind(fd.get(), generic, size) != 0 ||
        ::getsockname(fd.get(), generic, &size) != 0) {
        throw base::SystemError(errno,
                                fmt::format("cannot find a free port on {}", to_string(host)),
                                "publish on an address that this host has, such as 127.0.0.1");
    }
    return ntohs(address.sin_port);
}

[[noreturn]] void fail_publish(int error_number, Ipv4Address host, std::uint16_t port) {
    const std::string what = fmt::format("port {} on {}", port, to_string(host));
    if (error_number == EADDRINUSE) {
        throw base::Error(base::ErrorKind::conflict, what + " is already in use",
                          fmt::format("choose another port, or end what listens there: "
                                      "ss -ltnp 'sport = :{}'",
                                      port));
    }
    if (error_number == EACCES) {
        throw base::Error(base::ErrorKind::environment,
                          what + " may not be used without privileges",
                          "choose a port from 1024 on");
    }
    throw base::SystemError(error_number, "cannot publish " + what,
                            "publish on an address that this host has, such as 127.0.0.1");
}

int to_slirp_events(short revents) {
    int events = 0;
    events |= (revents & POLLIN) != 0 ? SLIRP_POLL_IN : 0;
    events |= (revents & POLLOUT) != 0 ? SLIRP_POLL_OUT : 0;
    events |= (revents & POLLPRI) != 0 ? SLIRP_POLL_PRI : 0;
    events |= (revents & (POLLERR | POLLNVAL)) != 0 ? SLIRP_POLL_ERR : 0;
    events |= (revents & POLLHUP) != 0 ? SLIRP_POLL_HUP : 0;
    return events;
}

short to_poll_events(int events) {
    int result = 0;
    result |= (events & SLIRP_POLL_IN) != 0 ? POLLIN : 0;
    result |= (events & SLIRP_POLL_OUT) != 0 ? POLLOUT : 0;
    result |= (events & SLIRP_POLL_PRI) != 0 ? POLLPRI : 0;
    return static_cast<short>(result);
}

}  // namespace

struct Uplink::State {
    Send send;
    Slirp* slirp = nullptr;
    std::list<Timer> timers;
    PollSet* filling = nullptr;
    const PollSet* polled = nullptr;
    bool has_polls = false;  // the last round of poll had our descriptors
};

namespace {

// The callbacks get Uplink::State, which is private: this is its only other user.
template <typename State>
State& state_of(void* opaque) {
    // SAFETY: opaque is the State given to slirp_new().
    return *static_cast<State*>(opaque);
}

template <typename State>
SlirpCb make_callbacks() {
    SlirpCb callbacks{};
    callbacks.send_packet = [](const void* data, std::size_t size, void* opaque) {
        base::guarded("uplink", [&] {
            // SAFETY: libslirp gives `size` readable bytes.
            state_of<State>(opaque).send(ByteView(static_cast<const std::uint8_t*>(data), size));
        });
        return static_cast<ssize_t>(size);
    };
    callbacks.guest_error = [](const char* message, void*) {
        base::log(base::LogLevel::debug, "uplink", "guest error: {}", message);
    };
    callbacks.clock_get_ns = [](void*) -> std::int64_t {
        return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
    };
    callbacks.timer_new_opaque = [](SlirpTimerId id, void* timer_opaque, void* opaque) -> void* {
        std::list<Timer>& timers = state_of<State>(opaque).timers;
        timers.push_back({id, timer_opaque, std::nullopt});
        return &timers.back();
    };
    callbacks.timer_free = [](void* timer, void* opaque) {
        state_of<State>(opaque).timers.remove_if(
            [timer](const Timer& entry) { return &entry == timer; });
    };
    callbacks.timer_mod = [](void* timer, std::int64_t expire_ms, void*) {
        static_cast<Timer*>(timer)->due = TimePoint(milliseconds(expire_ms));
    };
    // The loop asks for descriptors and events anew each time.
    callbacks.register_poll_fd = [](int, void*) {};
    callbacks.unregister_poll_fd = [](int, void*) {};
    callbacks.notify = [](void*) {};
    return callbacks;
}

}  // namespace

Uplink::Uplink(const UplinkSettings& settings, Send send) : state_(std::make_unique<State>()) {
    static const SlirpCb callbacks = make_callbacks<State>();
    state_->send = std::move(send);
    SlirpConfig config{};
    config.version = 4;
    config.restricted = settings.restricted ? 1 : 0;
    config.in_enabled = true;
    config.vnetwork = to_in_addr(settings.subnet.network);
    config.vnetmask = to_in_addr({settings.subnet.mask()});
    config.vhost = to_in_addr(settings.subnet.gateway());
    // Only TCP to port 53 of the service address is ever passed on: the host's resolver answers.
    config.vnameserver = to_in_addr(settings.subnet.service());
    config.vdhcp_start = to_in_addr(settings.subnet.at(4));
    config.if_mtu = settings.mtu;
    config.if_mru = settings.mtu;
    config.disable_host_loopback = true;
    config.disable_dhcp = true;
    state_->slirp = ::slirp_new(&config, &callbacks, state_.get());
    if (state_->slirp == nullptr) {
        throw base::Error(base::ErrorKind::environment, "libslirp does not start",
                          "it must be version 4.7 or newer");
    }
}

Uplink::~Uplink() {
    ::slirp_cleanup(state_->slirp);
}

void Uplink::input(ByteView frame) {
    ::slirp_input(state_->slirp, frame.data(), static_cast<int>(frame.size()));
}

void Uplink::add_polls(PollSet& polls, TimePoint now) {
    state_->filling = &polls;
    std::uint32_t timeout = UINT32_MAX;
    ::slirp_pollfds_fill(
        state_->slirp, &timeout,
        [](int fd, int events, void* opaque) {
            return static_cast<int>(
                state_of<State>(opaque).filling->add(fd, to_poll_events(events)));
        },
        state_.get());
    state_->filling = nullptr;
    state_->has_polls = true;
    if (timeout != UINT32_MAX) {
        polls.wake_by(now + milliseconds(timeout));
    }
    for (const Timer& timer : state_->timers) {
        if (timer.due) {
            polls.wake_by(*timer.due);
        }
    }
}

void Uplink::handle(const PollSet& polls, TimePoint now) {
    if (std::exchange(state_->has_polls, false)) {
        state_->polled = &polls;
        ::slirp_pollfds_poll(
            state_->slirp, 0,
            [](int index, void* opaque) {
                return to_slirp_events(
                    state_of<State>(opaque).polled->revents(static_cast<std::size_t>(index)));
            },
            state_.get());
        state_->polled = nullptr;
    }
    for (Timer& timer : state_->timers) {
        if (timer.due && *timer.due <= now) {
            timer.due.reset();
            ::slirp_handle_timer(state_->slirp, timer.id, timer.opaque);
        }
    }
}

std::uint16_t Uplink::publish(Ipv4Address host, std::uint16_t host_port, Ipv4Address guest,
                              std::uint16_t guest_port) {
    constexpr int kAttempts = 10;
    for (int attempt = 1;; ++attempt) {
        const std::uint16_t port = host_port != 0 ? host_port : find_free_port(host);
        errno = 0;
        if (::slirp_add_hostfwd(state_->slirp, 0, to_in_addr(host), port, to_in_addr(guest),
                                guest_port) == 0) {
            return port;
        }
        const int error_number = errno;
        if (host_port != 0 || error_number != EADDRINUSE || attempt == kAttempts) {
            fail_publish(error_number, host, port);
        }
    }
}

void Uplink::unpublish(Ipv4Address host, std::uint16_t host_port) {
    ::slirp_remove_hostfwd(state_->slirp, 0, to_in_addr(host), host_port);
}

}  // namespace hvruntime::net
