// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/event_loop.h"

#include <sys/epoll.h>
#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"

namespace hvruntime::agent {

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) {
        throw base::SystemError(errno, "making an epoll");
    }
}

EventLoop::Id EventLoop::add(int fd, std::uint32_t events,
                             std::function<void(std::uint32_t)> handler) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = ++last_id_;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        throw base::SystemError(errno, "watching a file descriptor");
    }
    handlers_[last_id_] = std::make_shared<std::function<void(std::uint32_t)>>(std::move(handler));
    return last_id_;
}

void EventLoop::modify(Id id, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) {
        throw base::SystemError(errno, "watching a file descriptor");
    }
}

void EventLoop::remove(Id id, int fd) {
    if (handlers_.erase(id) > 0) {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    }
}

EventLoop::Id EventLoop::after(std::chrono::milliseconds delay, std::function<void()> handler) {
    timers_[++last_id_] = Timer{.at = Clock::now() + delay, .handler = std::move(handler)};
    return last_id_;
}

void EventLoop::cancel(Id id) {
    timers_.erase(id);
}

int EventLoop::next_timeout() const {
    if (timers_.empty()) {
        return -1;
    }
    const auto next =
        std::min_element(timers_.begin(), timers_.end(), [](const auto& a, const auto& b) {
            return a.second.at < b.second.at;
        })->second.at;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
    return static_cast<int>(std::clamp<long>(left, 0, 3'600'000));
}

void EventLoop::run_due_timers() {
    const auto now = Clock::now();
    std::map<Id, Timer> due;
    for (auto it = timers_.begin(); it != timers_.end();) {
        const auto next = std::next(it);
        if (it->second.at <= now) {
            due.insert(timers_.extract(it));
        }
        it = next;
    }
    for (auto& [id, timer] : due) {
        base::guarded("guest", timer.handler);
    }
}

void EventLoop::run() {
    while (!stopped_) {
        std::array<epoll_event, 32> events{};
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                       next_timeout());
        if (count < 0 && errno != EINTR) {
            throw base::SystemError(errno, "waiting for events");
        }
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events.at(static_cast<std::size_t>(i));
            const std::uint64_t id = event.data.u64;  // packed: no reference may be bound to it
            const auto found = handlers_.find(id);
            if (found != handlers_.end()) {
                const auto handler = found->second;  // kept alive while it runs
                base::guarded("guest", [&] { (*handler)(event.events); });
            }
        }
        run_due_timers();
    }
}

}  // namespace hvruntime::agent
