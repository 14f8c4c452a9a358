// SPDX-License-Identifier: Apache-2.0
// Progress of work that has phases: a bar for each of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/progress.h"

namespace cli {

class PhaseBar {
  public:
    explicit PhaseBar(bool on) : on_(on) {}
    void show(std::string_view phase, std::uint64_t done, std::uint64_t total) {
        if (!bar_ || phase != phase_) {
            phase_ = phase;
            bar_.emplace(phase_, total, on_);
        }
        bar_->set(done, total);
    }

  private:
    bool on_;
    std::string phase_;
    std::optional<base::ProgressBar> bar_;
};

}  // namespace cli
