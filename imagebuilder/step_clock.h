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
    using OnProgress = std::function<void(const BuildProgress&)>;

    // Both may be empty.
    StepClock(int steps, OnProgress on_begin, OnProgress on_end)
        : steps_(steps), on_begin_(std::move(on_begin)), on_end_(std::move(on_end)) {}

    // Ends the step before.
    void begin(const std::string& text, bool cached = false) {
        end();
        times_.push_back({text, 0, cached});
        began_ = Clock::now();
        running_ = true;
        if (on_begin_) {
            on_begin_({static_cast<int>(times_.size()), steps_, text, cached, seconds()});
        }
    }
    void end() {
        if (running_) {
            times_.back().seconds = std::chrono::duration<double>(Clock::now() - began_).count();
            running_ = false;
            if (on_end_) {
                const StepTime& step = times_.back();
                on_end_({static_cast<int>(times_.size()), steps_, step.name, step.cached,
                         step.seconds});
            }
        }
    }
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    const std::vector<StepTime>& times() const { return times_; }

  private:
    using Clock = std::chrono::steady_clock;
    int steps_;
    OnProgress on_begin_;
    OnProgress on_end_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point began_;
    bool running_ = false;
    std::vector<StepTime> times_;
};

}  // namespace imagebuilder
