// SPDX-License-Identifier: Apache-2.0
#include "base/raw_terminal.h"

#include <termios.h>
#include <unistd.h>

namespace base {

struct RawTerminal::Saved {
    termios settings;
};

RawTerminal::RawTerminal(int fd) : fd_(fd) {
    termios settings{};
    if (::isatty(fd) != 1 || ::tcgetattr(fd, &settings) != 0) {
        return;
    }
    saved_ = std::make_unique<Saved>(Saved{settings});
    ::cfmakeraw(&settings);
    ::tcsetattr(fd, TCSANOW, &settings);
}

RawTerminal::~RawTerminal() {
    if (saved_) {
        ::tcsetattr(fd_, TCSADRAIN, &saved_->settings);
    }
}

}  // namespace base
