// SPDX-License-Identifier: Apache-2.0
#include "base/interrupt.h"

#include <csignal>

#include "base/error.h"
#include "tests/support/catch.h"

namespace {

// The handlers of the test program come back at the end.
class Handlers {
  public:
    Handlers() : interrupt_(std::signal(SIGINT, SIG_DFL)), end_(std::signal(SIGTERM, SIG_DFL)) {
        base::interrupt().install_handlers();
    }
    Handlers(const Handlers&) = delete;
    Handlers& operator=(const Handlers&) = delete;
    ~Handlers() {
        std::signal(SIGINT, interrupt_);
        std::signal(SIGTERM, end_);
        base::interrupt().clear();
    }

  private:
    sighandler_t interrupt_;
    sighandler_t end_;
};

}  // namespace

TEST_CASE("a signal raises the interrupt until it is cleared", "[base][interrupt]") {
    const int signal = GENERATE(SIGINT, SIGTERM);
    const Handlers handlers;
    ::raise(signal);
    CHECK(base::interrupt().raised());
    CHECK_THROWS_AS(base::interrupt().check(), base::Error);
    base::interrupt().clear();
    CHECK_NOTHROW(base::interrupt().check());
}

TEST_CASE("a second SIGINT is outlived while somebody has to tell of the first",
          "[base][interrupt]") {
    const Handlers handlers;
    const base::OutliveInterrupts outlive;
    ::raise(SIGINT);
    ::raise(SIGINT);  // else the program ends here
    CHECK(base::interrupt().raised());
}
