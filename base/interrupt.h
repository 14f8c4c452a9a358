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
    // SIGINT, SIGTERM. A second SIGINT ends the process at once, unless somebody outlives it.
    void install_handlers();
    void raise() noexcept;  // async-signal-safe
    void clear();
    bool raised() const { return raised_; }
    void check() const;  // throws Error(interrupted) when raised
    int event_fd() const { return event_.get(); }
    bool outlived() const { return outliving_ > 0; }

  private:
    friend class OutliveInterrupts;
    std::atomic<bool> raised_{false};
    std::atomic<int> outliving_{0};
    UniqueFd event_;
};

// The process's one instance: signals are per process.
Interrupt& interrupt();

// While one exists the process does not end by a second SIGINT: something outside of it, such as
// the job of a daemon, still has to hear of the first.
class OutliveInterrupts {
  public:
    OutliveInterrupts() { ++interrupt().outliving_; }
    OutliveInterrupts(const OutliveInterrupts&) = delete;
    OutliveInterrupts& operator=(const OutliveInterrupts&) = delete;
    ~OutliveInterrupts() { --interrupt().outliving_; }
};

}  // namespace base
