// SPDX-License-Identifier: Apache-2.0
// One thread that waits for processes to end and runs small tasks, so that nothing is called from
// inside a QMP reader. Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/process.h"

namespace hvruntime {

class MachineWatch {
  public:
    MachineWatch();
    MachineWatch(const MachineWatch&) = delete;
    MachineWatch& operator=(const MachineWatch&) = delete;
    ~MachineWatch();

    // `on_end` is called once, from the thread, after the process has ended (it may still be a
    // zombie), also when it had ended before.
    void add(const base::ProcessId& process, std::function<void()> on_end);
    void post(std::function<void()> task);
    // Returns when the thread has ended; what was not run by then never is. Not from the thread.
    void stop();

  private:
    struct Watched {
        base::UniqueFd pidfd;
        std::function<void()> on_end;
    };
    void loop(const std::stop_token& token);
    void wake();

    base::UniqueFd wake_;
    std::mutex mutex_;  // guards tasks_ and added_
    std::deque<std::function<void()>> tasks_;
    std::vector<Watched> added_;
    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace hvruntime
