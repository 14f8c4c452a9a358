// SPDX-License-Identifier: Apache-2.0
// SIGINT and SIGTERM as a flag and an eventfd. Long loops call interrupt().check(); RAII then
// cleans up.
#pragma once

#include <atomic>

#include "base/fd.h"

namespace base {

class Interrupt {
  public:
    Interrupt();
    void install_handlers();  // SIGINT, SIGTERM; a second SIGINT ends the process at once
    void raise() noexcept;    // async-signal-safe
    void clear();
    bool raised() const { return raised_; }
    void check() const;  // throws Error(interrupted) when raised
    int event_fd() const { return event_.get(); }

  private:
    std::atomic<bool> raised_{false};
    UniqueFd event_;
};

// The process's one instance: signals are per process.
Interrupt& interrupt();

}  // namespace base
