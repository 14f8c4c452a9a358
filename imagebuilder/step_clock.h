// SPDX-License-Identifier: Apache-2.0
// Numbers and times the steps of one build and reports them as they begin. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "imagebuilder/build.h"

namespace imagebuilder {

class StepClock {
  public:
    StepClock(int steps, std::function<void(const BuildProgress&)> on_progress)
        : steps_(steps), on_progress_(std::move(on_progress)) {}

    // Ends the step before.
    void begin(const std::string& text, bool cached = false) {
        end();
        times_.push_back({text, 0, cached});
        began_ = Clock::now();
        running_ = true;
        if (on_progress_) {
            on_progress_({static_cast<int>(times_.size()), steps_, text, cached, seconds()});
        }
    }
    void end() {
        if (running_) {
            times_.back().seconds = std::chrono::duration<double>(Clock::now() - began_).count();
            running_ = false;
        }
    }
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    const std::vector<StepTime>& times() const { return times_; }

  private:
    using Clock = std::chrono::steady_clock;
    int steps_;
    std::function<void(const BuildProgress&)> on_progress_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point began_;
    bool running_ = false;
    std::vector<StepTime> times_;
};

}  // namespace imagebuilder
