// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/change_hooks.h"

#include <unistd.h>
#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace hvruntime::agent {

namespace {

constexpr std::chrono::minutes kLimit{5};

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
    while (!running_.running() && !keys_.empty()) {
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
            running_.start(command, kLimit, [this](int status) {
                if (status != 0) {
                    base::log(base::LogLevel::error, "hook", "{} {}", running_line_,
                              base::describe_status(status));
                }
                next_hook();
                start_next();
            });
        } catch (const base::Error& error) {
            base::log(base::LogLevel::error, "hook", "{}", error.message());
            next_hook();
        }
    }
}

void ChangeHooks::next_hook() {
    hooks_.pop_front();
    if (hooks_.empty()) {
        keys_.pop_front();
    }
}

}  // namespace hvruntime::agent
