// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/async_command.h"

#include <sys/epoll.h>
#include <utility>

extern "C" {  // glibc 2.36 forgets it
#include <sys/pidfd.h>
}

namespace hvruntime::agent {

namespace {

constexpr std::chrono::seconds kGrace{2};

}  // namespace

void AsyncCommand::start(const base::Command& command, std::chrono::milliseconds limit,
                         std::function<void(int status)> on_end) {
    running_.emplace(command);
    on_end_ = std::move(on_end);
    pidfd_.reset(::pidfd_open(running_->pid(), 0));
    watch_ = loop_.add(pidfd_.get(), EPOLLIN, [this](std::uint32_t) {
        finished(running_->wait(std::chrono::milliseconds(0)).value_or(0));
    });
    timer_ = loop_.after(limit, [this] { finished(running_->stop(kGrace)); });
}

void AsyncCommand::finished(int status) {
    loop_.cancel(timer_);
    loop_.remove(watch_, pidfd_.get());
    pidfd_.reset();
    running_.reset();
    // Not from here: it may start the next one.
    loop_.after(std::chrono::milliseconds(0),
                [status, on_end = std::move(on_end_)] { on_end(status); });
}

}  // namespace hvruntime::agent
