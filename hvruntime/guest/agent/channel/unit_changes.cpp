// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/unit_changes.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "hvruntime/guest/agent/settings/apply_settings.h"

namespace hvruntime::agent {

void UnitChanges::change(const UnitsToChange& units) {
    restart_.insert(units.restart.begin(), units.restart.end());
    reload_.insert(units.reload.begin(), units.reload.end());
    if (!command_.running() && commands_.empty()) {
        start_next();
    }
}

void UnitChanges::start_next() {
    UnitsToChange units{{restart_.begin(), restart_.end()}, {}};
    std::set_difference(reload_.begin(), reload_.end(), restart_.begin(), restart_.end(),
                        std::back_inserter(units.reload));
    restart_.clear();
    reload_.clear();
    commands_ = unit_commands(units, places_);
    std::reverse(commands_.begin(), commands_.end());
    run_one();
}

void UnitChanges::run_one() {
    while (!commands_.empty()) {
        const base::Command command = commands_.back();
        base::log(base::LogLevel::info, "config", "{}", command.to_string());
        try {
            command_.start(command, command.timeout, [this](int status) {
                if (status != 0) {
                    failures_.push_back(fmt::format("{} {}", commands_.back().to_string(),
                                                    base::describe_status(status)));
                }
                commands_.pop_back();
                run_one();
            });
            return;
        } catch (const base::Error& error) {
            failures_.push_back(error.message());
            commands_.pop_back();
        }
    }
    if (!restart_.empty() || !reload_.empty()) {
        start_next();
        return;
    }
    for (const std::string& failure : failures_) {
        base::log(base::LogLevel::error, "config", "{}", failure);
    }
    on_end_(std::exchange(failures_, {}));
}

}  // namespace hvruntime::agent
