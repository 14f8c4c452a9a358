// SPDX-License-Identifier: Apache-2.0
#include "base/sandbox/sandbox_child.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/sandbox/lockdown.h"

namespace base {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr char kResult = 'r';
constexpr char kFailure = 'e';
constexpr std::uint64_t kMaxFailureBytes = 65536;
constexpr std::string_view kReport = "if the file is not an attack, report this as a bug of muster";

// ---- the child: it never returns, and takes no signal of the parent's.

void send(int fd, std::string_view data) {
    while (!data.empty()) {
        const ssize_t put = ::write(fd, data.data(), data.size());
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return;  // nobody wants it any more
        }
        data.remove_prefix(static_cast<std::size_t>(put));
    }
}

// kind, message and hint, each ended by a zero byte.
std::string failure_text(ErrorKind kind, std::string_view message, std::string_view hint) {
    std::string text(1, kFailure);
    for (const std::string_view part : {to_string(kind), message, hint}) {
        text += part.substr(0, kMaxFailureBytes / 4);
        text += '\0';
    }
    return text;
}

void work_in_child(const LockdownDescriptors& descriptors, const SandboxChild::Work& work,
                   const SandboxLimits& limits, std::uint64_t mapped_before) {
    const int fd = descriptors.result;
    try {
        lock_down(descriptors, limits, mapped_before);
        const std::string result = work(descriptors.stream);
        send(fd, std::string_view(&kResult, 1));
        send(fd, result);
    } catch (const std::bad_alloc&) {
        send(fd, failure_text(
                     ErrorKind::invalid_input,
                     fmt::format("it needs more than {} MiB of memory", limits.memory_bytes >> 20U),
                     ""));
    } catch (const Error& error) {
        send(fd, failure_text(error.kind(), error.message(), error.hint()));
    } catch (const std::exception& error) {
        send(fd, failure_text(ErrorKind::internal, error.what(), ""));
    }
}

[[noreturn]] void be_child(const LockdownDescriptors& descriptors, pid_t parent,
                           const SandboxChild::Work& work, const SandboxLimits& limits,
                           std::uint64_t mapped_before) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() == parent) {
        work_in_child(descriptors, work, limits, mapped_before);
    }
    // No destructors of statics, no buffers of the parent's: not exit().
    ::syscall(SYS_exit_group, 0);
    ::abort();
}

// ---- the parent

class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        // The limit on processor time speaks by this one.
        ::sigdelset(&all, SIGXCPU);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

milliseconds time_of(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + milliseconds(time.tv_usec / 1000);
}

[[noreturn]] void throw_failure(std::string_view what, std::string_view text) {
    std::array<std::string, 3> parts;
    for (std::string& part : parts) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    const auto kind = find_error_kind(parts[0]);
    if (!kind) {
        throw Error(ErrorKind::invalid_input, fmt::format("{} failed without a reason", what),
                    std::string(kReport));
    }
    throw Error(*kind, parts[1], parts[2]);
}

}  // namespace

struct SandboxChild::End {
    bool known = false;  // false: somebody else has reaped it
    int status = 0;
    milliseconds cpu{0};
};

SandboxChild::SandboxChild(std::string what, const Work& work, SandboxLimits limits,
                           const SandboxAccess& access, int stream_fd)
    : what_(std::move(what)), limits_(limits), answer_(make_pipe()) {
    const std::uint64_t mapped_before = mapped_bytes();
    const pid_t parent = ::getpid();
    const LockdownDescriptors descriptors{answer_.write_end.get(), stream_fd, access.readable_fds};
    const SignalsBlocked blocked;
    pid_ = ::fork();
    if (pid_ == 0) {
        be_child(descriptors, parent, work, limits_, mapped_before);
    }
    if (pid_ < 0) {
        throw SystemError(errno, "cannot fork");
    }
    answer_.write_end.reset();
}

SandboxChild::~SandboxChild() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        reap();
    }
}

// Blocks until it has ended.
SandboxChild::End SandboxChild::reap() {
    End end;
    rusage usage{};
    const pid_t pid = std::exchange(pid_, -1);
    while (true) {
        const pid_t got = ::wait4(pid, &end.status, 0, &usage);
        if (got == pid) {
            end.known = true;
            end.cpu = time_of(usage.ru_utime) + time_of(usage.ru_stime);
            return end;
        }
        if (got < 0 && errno != EINTR) {
            return end;
        }
    }
}

std::string SandboxChild::read_answer() const {
    const int fd = answer_.read_end.get();
    const auto deadline = Clock::now() + limits_.wall;
    std::string answer;
    std::array<std::byte, 65536> buffer{};
    while (true) {
        interrupt().check();
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            throw Error(ErrorKind::timeout,
                        fmt::format("{} did not end within {} s", what_, limits_.wall.count()));
        }
        std::array<pollfd, 2> entries{pollfd{fd, POLLIN, 0},
                                      pollfd{interrupt().event_fd(), POLLIN, 0}};
        if (::poll(entries.data(), entries.size(),
                   static_cast<int>(std::min<long>(left.count(), 1000))) <= 0 ||
            entries[0].revents == 0) {
            continue;
        }
        const std::size_t got = read_some(fd, buffer, what_);
        if (got == 0) {
            return answer;
        }
        if (answer.size() + got > limits_.result_bytes + 1) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("{} gives more than {} bytes", what_, limits_.result_bytes));
        }
        answer += as_text(std::span(buffer).first(got));
    }
}

void SandboxChild::throw_death(const End& end) const {
    const int signal = WIFSIGNALED(end.status) ? WTERMSIG(end.status) : 0;
    if (signal == SIGXCPU || (signal == SIGKILL && end.cpu >= limits_.cpu)) {
        throw Error(
            ErrorKind::invalid_input,
            fmt::format("{} took more than {} s of processor time", what_, limits_.cpu.count()));
    }
    if (signal == SIGKILL) {
        throw Error(ErrorKind::environment,
                    fmt::format("{}: the process was killed from outside", what_),
                    "look at the kernel's log: was memory short?");
    }
    if (signal == SIGSYS) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("{}: the process tried what it must not and was ended", what_),
                    std::string(kReport));
    }
    throw Error(ErrorKind::invalid_input,
                signal == 0 ? fmt::format("{} ended without a result", what_)
                            : fmt::format("{} crashed ({})", what_, ::strsignal(signal)),
                std::string(kReport));
}

std::string SandboxChild::wait() {
    std::string answer = read_answer();
    const End end = reap();
    if (end.known && (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0 || answer.empty())) {
        throw_death(end);
    }
    if (answer.empty() || answer.front() != kResult) {
        throw_failure(what_, std::string_view(answer).substr(answer.empty() ? 0 : 1));
    }
    answer.erase(0, 1);
    return answer;
}

}  // namespace base
