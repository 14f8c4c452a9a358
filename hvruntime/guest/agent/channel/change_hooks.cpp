// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/change_hooks.h"

#include <sys/epoll.h>
#include <unistd.h>
#include <algorithm>

extern "C" {  // glibc 2.36 forgets it
#include <sys/pidfd.h>
}

#include "base/error.h"
#include "base/log.h"

namespace hvruntime::agent {

namespace {

constexpr std::chrono::minutes kLimit{5};
constexpr std::chrono::seconds kGrace{2};

}  // namespace

std::vector<std::filesystem::path> list_hooks(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> hooks;
    std::error_code absent;
    for (const auto& entry : std::filesystem::directory_iterator(folder, absent)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with('.') && !name.ends_with('~') && entry.is_regular_file() &&
            ::access(entry.path().c_str(), X_OK) == 0) {
            hooks.push_back(entry.path());
        }
    }
    std::sort(hooks.begin(), hooks.end());
    return hooks;
}

void ChangeHooks::key_changed(const std::string& key) {
    // The first one may be under way with the old value.
    const auto waiting = keys_.empty() ? keys_.end() : std::next(keys_.begin());
    if (std::find(waiting, keys_.end(), key) != keys_.end()) {
        return;
    }
    keys_.push_back(key);
    if (keys_.size() == 1) {
        start_next();
    }
}

void ChangeHooks::start_next() {
    while (!running_ && !keys_.empty()) {
        if (hooks_.empty()) {
            const auto all = list_hooks(places_.change_hooks());
            hooks_.assign(all.begin(), all.end());
        }
        if (hooks_.empty()) {
            keys_.clear();
            return;
        }
        const base::Command command{.argv = {hooks_.front().string(), keys_.front()},
                                    .stdout_fd = STDERR_FILENO,
                                    .stderr_fd = STDERR_FILENO};
        running_line_ = command.to_string();
        try {
            running_.emplace(command);
            pidfd_.reset(::pidfd_open(running_->pid(), 0));
            watch_ = loop_.add(pidfd_.get(), EPOLLIN, [this](std::uint32_t) {
                finished(running_->wait(std::chrono::milliseconds(0)).value_or(0));
            });
            timer_ = loop_.after(kLimit, [this] { finished(running_->stop(kGrace)); });
        } catch (const base::Error& error) {
            base::log(base::LogLevel::error, "hook", "{}", error.message());
            finished(0);
        }
    }
}

void ChangeHooks::finished(int status) {
    if (status != 0) {
        base::log(base::LogLevel::error, "hook", "{} {}", running_line_,
                  base::describe_status(status));
    }
    loop_.cancel(timer_);
    loop_.remove(watch_, pidfd_.get());
    pidfd_.reset();
    running_.reset();
    hooks_.pop_front();
    if (hooks_.empty()) {
        keys_.pop_front();
    }
    // Not from here: this may be called by start_next itself.
    loop_.after(std::chrono::milliseconds(0), [this] { start_next(); });
}

}  // namespace hvruntime::agent
