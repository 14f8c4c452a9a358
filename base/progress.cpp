// SPDX-License-Identifier: Apache-2.0
#include "base/progress.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/printable.h"

namespace base {

ProgressBar::ProgressBar(const std::string& label, std::uint64_t total, bool on)
    : label_(printable_line(label)),
      total_(total),
      on_(on),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {
}

ProgressBar::~ProgressBar() {
    if (drawn_) {
        guarded("progress", [] { write_all(STDERR_FILENO, "\r\x1b[K", "the terminal"); });
    }
}

void ProgressBar::add(std::uint64_t amount) {
    const std::lock_guard lock(mutex_);
    done_ += amount;
    draw();
}

void ProgressBar::set(std::uint64_t done, std::uint64_t total, std::string_view label) {
    const std::lock_guard lock(mutex_);
    done_ = done;
    total_ = total;
    if (!label.empty()) {
        label_ = printable_line(label);
    }
    draw();
}

void ProgressBar::draw() {
    const auto now = std::chrono::steady_clock::now();
    if (!on_ || now - start_ < std::chrono::seconds(1) ||
        now - last_ < std::chrono::milliseconds(100)) {
        return;
    }
    last_ = now;
    drawn_ = true;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    std::string line = fmt::format("\r\x1b[K{}: {}", label_, format_byte_size(done_));
    if (total_ > 0) {
        constexpr std::uint64_t kWidth = 30;
        const std::uint64_t filled = std::min(kWidth, done_ * kWidth / total_);
        line = fmt::format("\r\x1b[K{} [{}{}] {:3}%", label_, std::string(filled, '#'),
                           std::string(kWidth - filled, '.'),
                           std::min<std::uint64_t>(100, done_ * 100 / total_));
    }
    line += fmt::format("  {:.0f} s", seconds);
    write_all(STDERR_FILENO, line, "the terminal");
}

}  // namespace base
