// SPDX-License-Identifier: Apache-2.0
#include "base/interrupt.h"

#include <sys/eventfd.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace base {

namespace {

extern "C" void on_signal(int signal) {
    const int saved = errno;
    if (signal == SIGINT && interrupt().raised() && !interrupt().outlived()) {
        ::_exit(130);
    }
    interrupt().raise();
    errno = saved;
}

}  // namespace

Interrupt::Interrupt() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_) {
        throw SystemError(errno, "cannot make an eventfd");
    }
}

void Interrupt::install_handlers() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

void Interrupt::raise() noexcept {
    raised_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t ignored = ::write(event_.get(), &one, sizeof one);
}

void Interrupt::clear() {
    raised_ = false;
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t ignored = ::read(event_.get(), &count, sizeof count);
}

void Interrupt::check() const {
    if (raised_) {
        throw Error(ErrorKind::interrupted, "interrupted");
    }
}

Interrupt& interrupt() {
    static Interrupt instance;
    return instance;
}

}  // namespace base
