// SPDX-License-Identifier: Apache-2.0
#include "base/sandbox/sandbox.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <new>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/sandbox/lockdown.h"
#include "tests/support/catch.h"

using base::ErrorKind;
using base::run_sandboxed;
using base::SandboxLimits;
using namespace std::chrono_literals;  // NOLINT: a test file

namespace {

// Never optimised away.
volatile unsigned long counter = 0;

[[noreturn]] void spin() {
    while (true) {
        counter = counter + 1;
    }
}

bool has_children() {
    // ECHILD: neither a running nor a dead one is left.
    return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

// What the parent says of a child that did `attempt`, which must not come through.
base::Error error_after(const std::function<void()>& attempt) {
    return tests::error_of([&] {
        run_sandboxed("the trial", [&] {
            attempt();
            return std::string("it came through");
        });
    });
}

void check_forbidden(const std::function<void()>& attempt) {
    const auto error = error_after(attempt);
    CHECK(error.kind() == ErrorKind::invalid_input);
    CHECK(error.message() == "the trial: the process tried what it must not and was ended");
    CHECK_FALSE(has_children());
}

}  // namespace

TEST_CASE("what is computed in the sandbox comes back, short or long", "[base][sandbox]") {
    CHECK(run_sandboxed("w", [] { return std::string(); }).empty());
    const std::string zeros("a\0b", 3);
    CHECK(run_sandboxed("w", [&] { return zeros + zeros; }) == zeros + zeros);
    const std::string result = run_sandboxed("w", [] {
        std::vector<std::string> parts;
        for (int i = 0; i < 20'000; ++i) {
            parts.emplace_back(300, static_cast<char>('a' + i % 26));
        }
        std::string all;
        for (const std::string& part : parts) {
            all += part;
        }
        return all;
    });
    CHECK(result.size() == 6'000'000);
    CHECK(result.substr(299, 2) == "ab");
    CHECK_FALSE(has_children());
}

TEST_CASE("an error of the sandbox keeps kind, message and hint", "[base][sandbox]") {
    const auto error = tests::error_of([] {
        run_sandboxed("w", []() -> std::string {
            throw base::Error(ErrorKind::unsupported, "a.ovf:3:7: no", "try another");
        });
    });
    CHECK(error.kind() == ErrorKind::unsupported);
    CHECK(error.message() == "a.ovf:3:7: no");
    CHECK(error.hint() == "try another");
    if (base::kSandboxSanitized) {
        return;  // UBSan makes a pipe to look at the type of a foreign exception
    }
    const auto other = tests::error_of(
        [] { run_sandboxed("w", []() -> std::string { throw std::runtime_error("odd"); }); });
    CHECK(other.kind() == ErrorKind::internal);
    CHECK(other.message() == "odd");
}

TEST_CASE("a sandboxed process has no files", "[base][sandbox]") {
    // open is answered with a refusal: malloc itself asks for a file and lives with that.
    const std::string answer = run_sandboxed("w", [] {
        const int fd = ::open("/etc/passwd", O_RDONLY);
        return std::to_string(fd) + " " + std::to_string(errno);
    });
    CHECK(answer == "-1 " + std::to_string(EACCES));
    const base::TempDir dir;
    const std::string path = (dir.path() / "made").string();
    CHECK(run_sandboxed("w", [&] {
              return std::to_string(::open(path.c_str(), O_WRONLY | O_CREAT, 0600));
          }) == "-1");
    CHECK_FALSE(std::filesystem::exists(path));
    base::write_file(path, "kept");
    check_forbidden([&] { ::unlink(path.c_str()); });
    check_forbidden([&] { ::rename(path.c_str(), "/tmp/other"); });
    CHECK(base::read_file(path) == "kept");
    // Not the parent's open ones either.
    const base::UniqueFd open = base::open_file(path, O_RDWR);
    check_forbidden([&] {
        if (::write(open.get(), "gone", 4) < 0) {
            ::_exit(0);
        }
    });
    check_forbidden([&] {
        char byte = 0;
        if (::pread(open.get(), &byte, 1, 0) < 0) {
            ::_exit(0);
        }
    });
    CHECK(base::read_file(path) == "kept");
}

TEST_CASE("a sandboxed process has no network, programs or other processes", "[base][sandbox]") {
    check_forbidden([] { ::socket(AF_INET, SOCK_STREAM, 0); });
    check_forbidden([] { ::socket(AF_UNIX, SOCK_DGRAM, 0); });
    check_forbidden([] { ::execl("/bin/true", "true", nullptr); });
    check_forbidden([] { ::fork(); });
    check_forbidden([] { ::kill(::getppid(), SIGKILL); });
    check_forbidden([] { ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); });
    check_forbidden([] { ::setuid(0); });
}

TEST_CASE("a sandboxed process cannot make code", "[base][sandbox]") {
    check_forbidden(
        [] { ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); });
    std::vector<char> page(3 * 4096);
    check_forbidden([&] {
        // SAFETY: an address rounded up to a page inside of the buffer.
        const auto start = (reinterpret_cast<std::uintptr_t>(page.data()) + 4095) & ~4095UL;
        ::mprotect(reinterpret_cast<void*>(start), 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    });
}

TEST_CASE("processor time, real time, memory and the result are limited", "[base][sandbox]") {
    SandboxLimits limits;
    limits.cpu = 1s;
    const auto slow = tests::error_of([&] {
        run_sandboxed(
            "reading 'x.ovf'", []() -> std::string { spin(); }, limits);
    });
    CHECK(slow.kind() == ErrorKind::invalid_input);
    CHECK(slow.message() == "reading 'x.ovf' took more than 1 s of processor time");

    limits = {};
    limits.wall = 1s;
    const auto late = tests::error_of([&] {
        run_sandboxed(
            "w", []() -> std::string { spin(); }, limits);
    });
    CHECK(late.kind() == ErrorKind::timeout);
    CHECK(late.message() == "w did not end within 1 s");

    limits = {};
    limits.result_bytes = 1000;
    CHECK(run_sandboxed(
              "w", [] { return std::string(1000, 'x'); }, limits)
              .size() == 1000);
    const auto long_one = tests::error_of([&] {
        run_sandboxed(
            "w", [] { return std::string(1001, 'x'); }, limits);
    });
    CHECK(long_one.message() == "w gives more than 1000 bytes");
    CHECK_FALSE(has_children());
}

TEST_CASE("a sandboxed process that wants too much memory is told so", "[base][sandbox]") {
    if (base::kSandboxSanitized) {
        return;  // see lockdown.h
    }
    SandboxLimits limits;
    limits.memory_bytes = 64U << 20U;
    const auto error = tests::error_of([&] {
        run_sandboxed(
            "w",
            [] {
                std::vector<std::string> hoard;
                while (true) {
                    hoard.emplace_back(100'000, 'x');
                }
                return hoard.front();
            },
            limits);
    });
    CHECK(error.kind() == ErrorKind::invalid_input);
    CHECK(error.message() == "it needs more than 64 MiB of memory");
}

TEST_CASE("a crash in the sandbox is an error in the parent", "[base][sandbox]") {
    const auto error = error_after([] { ::raise(SIGSYS); });
    CHECK(error.kind() == ErrorKind::invalid_input);
    const auto fault = error_after([] {
        volatile char* nowhere = nullptr;
        *nowhere = 1;  // NOLINT: on purpose
    });
    CHECK(fault.kind() == ErrorKind::invalid_input);
    if (!base::kSandboxSanitized) {
        CHECK(fault.message() == "the trial crashed (Segmentation fault)");
    }
    const auto silent = error_after([] { ::_exit(0); });
    CHECK(silent.message() == "the trial ended without a result");
    CHECK_FALSE(has_children());
}

TEST_CASE("sandboxes of many threads at once do not disturb each other", "[base][sandbox]") {
    if (base::kSandboxSanitized) {
        return;  // unlike glibc's, the sanitizers' allocators may hold a lock across the fork
    }
    std::atomic<bool> done{false};
    std::atomic<int> good{0};
    {
        std::vector<std::jthread> threads;
        // These hold malloc's locks at any moment a fork may choose.
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
                while (!done) {
                    std::vector<std::string> many(100, std::string(1000, 'x'));
                    counter = counter + many.size();
                }
            });
        }
        std::vector<std::jthread> users;
        for (int i = 0; i < 4; ++i) {
            users.emplace_back([&good, i] {
                for (int round = 0; round < 10; ++round) {
                    const std::string text(100'000 + static_cast<std::size_t>(i), 'y');
                    // Frees much at once: a thread's heap shrinks, in the child too.
                    good += run_sandboxed("w", [&] {
                                std::vector<std::string>(100, text).clear();
                                return text;
                            }) == text;
                }
            });
        }
        users.clear();
        done = true;
    }
    CHECK(good == 40);
    CHECK_FALSE(has_children());
}

TEST_CASE("an interrupt ends a sandboxed process", "[base][sandbox]") {
    const base::ScopeExit clear([] { base::interrupt().clear(); });
    std::jthread later([] {
        std::this_thread::sleep_for(200ms);
        base::interrupt().raise();
    });
    const auto error = tests::error_of([] { run_sandboxed("w", []() -> std::string { spin(); }); });
    CHECK(error.kind() == ErrorKind::interrupted);
    CHECK_FALSE(has_children());
}
