// SPDX-License-Identifier: Apache-2.0
// Progress of something long, for a person: one line rewritten on a terminal, nothing elsewhere.
// Shown only after a second. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace base {

class ProgressBar {
  public:
    // total 0: unknown, counts only. `on` false: never prints (no terminal, --quiet, --json).
    ProgressBar(const std::string& label, std::uint64_t total, bool on);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar();  // clears the line
    void add(std::uint64_t amount);
    void set(std::uint64_t done, std::uint64_t total, std::string_view label = "");

  private:
    void draw();
    std::mutex mutex_;  // guards everything below
    std::string label_;
    std::uint64_t total_;
    std::uint64_t done_ = 0;
    bool on_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point last_;
};

}  // namespace base
