// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <csignal>

#include "base/file.h"
#include "tests/support/catch.h"

using base::Command;
using namespace std::chrono_literals;  // NOLINT: a test file

TEST_CASE("a command's outputs and status come back", "[base][process]") {
    const auto result = base::run(
        Command{.argv = {"sh", "-c", "cat; echo err >&2; exit 3"}, .stdin_data = "hello"});
    CHECK(result.out == "hello");
    CHECK(result.err == "err\n");
    CHECK(result.status == 3);
}

TEST_CASE("a failing command is told with its line and the end of its stderr", "[base][process]") {
    try {
        base::run_checked(Command{.argv = {"sh", "-c", "echo it broke >&2; exit 7"}});
        FAIL("no error");
    } catch (const base::CommandError& error) {
        CHECK(error.message() == "'sh' failed with exit code 7");
        CHECK(error.command_line() == "sh -c 'echo it broke >&2; exit 7'");
        CHECK(error.stderr_tail() == "it broke\n");
    }
}

TEST_CASE("a missing program is an environment error", "[base][process]") {
    const auto error = tests::error_of([] { base::run(Command{.argv = {"no-such-program-x"}}); });
    CHECK(error.kind() == base::ErrorKind::environment);
}

TEST_CASE("a command that hangs is killed with its children at the time limit", "[base][process]") {
    const auto error = tests::error_of([] {
        base::run(Command{.argv = {"sh", "-c", "sleep 100 & sleep 100"}, .timeout = 300ms});
    });
    CHECK(error.kind() == base::ErrorKind::timeout);
}

TEST_CASE("more output than a pipe holds on both streams does not deadlock", "[base][process]") {
    const auto result = base::run(Command{
        .argv = {
            "sh", "-c",
            "head -c 1000000 /dev/zero | tr '\\0' a; head -c 1000000 /dev/zero | tr '\\0' b >&2"}});
    CHECK(result.out.size() == 1000000);
    CHECK(result.err.size() == (64U << 10U));
}

TEST_CASE("a detached process is known by pid and start time", "[base][process]") {
    const base::TempDir dir;
    const auto id = base::spawn_detached(Command{.argv = {"sleep", "100"}}, dir.path() / "log");
    CHECK(base::is_alive(id));
    CHECK_FALSE(base::is_alive({id.pid, id.start_time + 1}));
    CHECK_FALSE(base::send_signal({id.pid, id.start_time + 1}, SIGKILL));
    base::stop_process(id, 1s);
    CHECK_FALSE(base::is_alive(id));
}
