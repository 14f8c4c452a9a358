// SPDX-License-Identifier: Apache-2.0
// The same bytes into two sinks, the first one on a thread of its own: digests are taken of the
// very buffers that the second sink gets, while it works on them. A buffer must stay as it is
// until kDepth more writes were made, or finish() or the destructor returned. Used by one thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <span>
#include <thread>

#include "base/stream.h"

namespace ovfkit {

class ParallelTee : public base::ByteSink {
  public:
    static constexpr std::size_t kDepth = 3;  // buffers that the first sink may lie behind

    // Borrows both; nothing else uses `first` meanwhile.
    ParallelTee(base::ByteSink& first, base::ByteSink& second);
    ParallelTee(const ParallelTee&) = delete;
    ParallelTee& operator=(const ParallelTee&) = delete;
    ~ParallelTee() override;

    void write(std::span<const std::byte> data) override;
    // Waits until the first sink has everything, and throws what it threw.
    void finish();

  private:
    void run();

    base::ByteSink& first_;
    base::ByteSink& second_;
    std::mutex mutex_;  // guards queue_, failure_ and ended_
    std::condition_variable work_;
    std::condition_variable room_;
    std::deque<std::span<const std::byte>> queue_;  // its front is being written
    std::exception_ptr failure_;
    bool ended_ = false;
    std::jthread thread_;  // last: it uses the rest
};

}  // namespace ovfkit
