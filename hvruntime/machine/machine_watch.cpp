// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/machine_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "base/error.h"

namespace hvruntime {

MachineWatch::MachineWatch() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) {
        throw base::SystemError(errno, "cannot make an eventfd");
    }
    thread_ = std::jthread([this](const std::stop_token& token) { loop(token); });
}

MachineWatch::~MachineWatch() {
    stop();
}

void MachineWatch::stop() {
    thread_.request_stop();
    wake();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void MachineWatch::wake() {
    const std::uint64_t one = 1;
    // It fails only when the counter is full, and then the thread is awake anyway.
    [[maybe_unused]] const ssize_t put = ::write(wake_.get(), &one, sizeof(one));
}

void MachineWatch::add(const base::ProcessId& process, std::function<void()> on_end) {
    base::UniqueFd pidfd = base::open_pidfd(process);
    if (!pidfd) {
        post(std::move(on_end));
        return;
    }
    const std::lock_guard lock(mutex_);
    added_.push_back({std::move(pidfd), std::move(on_end)});
    wake();
}

void MachineWatch::post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    wake();
}

void MachineWatch::loop(const std::stop_token& token) {
    std::vector<Watched> watched;
    while (!token.stop_requested()) {
        std::deque<std::function<void()>> tasks;
        {
            const std::lock_guard lock(mutex_);
            tasks.swap(tasks_);
            std::move(added_.begin(), added_.end(), std::back_inserter(watched));
            added_.clear();
        }
        for (const std::function<void()>& task : tasks) {
            base::guarded("machine watch", task);
        }
        std::vector<pollfd> entries{{wake_.get(), POLLIN, 0}};
        for (const Watched& one : watched) {
            entries.push_back({one.pidfd.get(), POLLIN, 0});
        }
        if (::poll(entries.data(), entries.size(), -1) < 0) {
            continue;  // EINTR
        }
        if (entries[0].revents != 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof(count));
        }
        std::vector<Watched> still_there;
        for (std::size_t i = 0; i < watched.size(); ++i) {
            if (entries[i + 1].revents != 0) {
                base::guarded("machine watch", watched[i].on_end);
            } else {
                still_there.push_back(std::move(watched[i]));
            }
        }
        watched = std::move(still_there);
    }
}

}  // namespace hvruntime
