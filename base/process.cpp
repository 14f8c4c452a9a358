// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

extern "C" {  // glibc 2.36 forgets it
#include <sys/pidfd.h>
}

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"

extern char** environ;  // NOLINT(readability-identifier-naming): POSIX's name

namespace base {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct SpawnFds {
    int in;
    int out;
    int err;
};

std::vector<std::string> environment_of(const Command& command) {
    std::map<std::string, std::string> merged;
    if (!command.clear_env) {
        for (char** entry = environ; *entry != nullptr; ++entry) {
            const std::string_view text(*entry);
            const std::size_t equals = text.find('=');
            if (equals != std::string_view::npos) {
                merged[std::string(text.substr(0, equals))] = text.substr(equals + 1);
            }
        }
    }
    for (const auto& [key, value] : command.env) {
        merged[key] = value;
    }
    std::vector<std::string> entries;
    entries.reserve(merged.size());
    for (const auto& [key, value] : merged) {
        entries.push_back(key + "=" + value);
    }
    return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

struct SpawnSettings {
    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
    SpawnSettings() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
};

pid_t spawn(const Command& command, SpawnFds fds, bool new_session) {
    log(LogLevel::debug, "process", "running {}", command.to_string());
    SpawnSettings settings;
    ::posix_spawn_file_actions_adddup2(&settings.actions, fds.in, 0);
    ::posix_spawn_file_actions_adddup2(&settings.actions, fds.out, 1);
    ::posix_spawn_file_actions_adddup2(&settings.actions, fds.err, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&settings.actions, 3);
    if (!command.cwd.empty()) {
        ::posix_spawn_file_actions_addchdir_np(&settings.actions, command.cwd.c_str());
    }
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&settings.attributes, &none);
    ::posix_spawnattr_setsigdefault(&settings.attributes, &all);
    ::posix_spawnattr_setpgroup(&settings.attributes, 0);
    const int group = new_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
    ::posix_spawnattr_setflags(
        &settings.attributes,
        static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));

    std::vector<std::string> argv = command.argv;
    std::vector<std::string> env = environment_of(command);
    pid_t pid = -1;
    const int failure =
        ::posix_spawnp(&pid, argv.at(0).c_str(), &settings.actions, &settings.attributes,
                       pointers_to(argv).data(), pointers_to(env).data());
    if (failure == ENOENT && (command.cwd.empty() || std::filesystem::exists(command.cwd))) {
        throw Error(ErrorKind::environment, fmt::format("the program '{}' is missing", argv[0]),
                    "install the package that has it, or add its folder to PATH");
    }
    if (failure != 0) {
        throw SystemError(failure, fmt::format("cannot run '{}'", argv[0]));
    }
    return pid;
}

int status_of(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

// nullopt: time is up.
std::optional<int> wait_child(pid_t pid, milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    const UniqueFd pidfd(::pidfd_open(pid, 0));
    while (true) {
        int wait_status = 0;
        const pid_t got = ::waitpid(pid, &wait_status, WNOHANG);
        if (got == pid) {
            return status_of(wait_status);
        }
        if (got < 0 && errno != EINTR) {
            throw SystemError(errno, fmt::format("cannot wait for process {}", pid));
        }
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            return std::nullopt;
        }
        pollfd entry{pidfd.get(), POLLIN, 0};
        ::poll(&entry, pidfd ? 1 : 0, static_cast<int>(std::min<long>(left.count(), 1000)));
    }
}

// One captured stream: what came, cut to its end for stderr.
struct Capture {
    int fd;
    std::string* text;
    std::size_t limit;
    bool keep_tail;
};

void take_output(Capture& capture, const Command& command) {
    std::array<char, 65536> buffer{};
    const std::size_t got =
        read_some(capture.fd, std::as_writable_bytes(std::span(buffer)), command.argv[0]);
    if (got == 0) {
        capture.fd = -1;
        return;
    }
    const std::string_view piece(buffer.data(), got);
    if (command.on_output) {
        command.on_output(piece);
    }
    capture.text->append(piece);
    if (capture.text->size() > capture.limit) {
        if (!capture.keep_tail) {
            throw Error(ErrorKind::external, fmt::format("'{}' printed more than {} bytes",
                                                         command.argv[0], capture.limit));
        }
        capture.text->erase(0, capture.text->size() - capture.limit);
    }
}

// Feeds stdin and drains both outputs until all are closed.
void exchange(const Command& command, UniqueFd input, std::array<Capture, 2>& captures,
              Clock::time_point deadline) {
    std::string_view to_write = command.stdin_data;
    if (input && to_write.empty()) {
        input.reset();
    }
    while (captures[0].fd >= 0 || captures[1].fd >= 0) {
        if (interrupt().raised()) {
            interrupt().check();
        }
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            throw Error(
                ErrorKind::timeout,
                fmt::format(
                    "'{}' did not end within {} s", command.argv[0],
                    std::chrono::duration_cast<std::chrono::seconds>(command.timeout).count()));
        }
        std::array<pollfd, 4> entries{
            pollfd{captures[0].fd, POLLIN, 0}, pollfd{captures[1].fd, POLLIN, 0},
            pollfd{input.get(), POLLOUT, 0}, pollfd{interrupt().event_fd(), POLLIN, 0}};
        if (::poll(entries.data(), entries.size(),
                   static_cast<int>(std::min<long>(left.count(), 1000))) < 0) {
            continue;  // EINTR
        }
        for (std::size_t i = 0; i < captures.size(); ++i) {
            if (entries.at(i).revents != 0) {
                take_output(captures.at(i), command);
            }
        }
        if (entries[2].revents != 0) {
            const ssize_t put = ::write(input.get(), to_write.data(), to_write.size());
            if (put > 0) {
                to_write.remove_prefix(static_cast<std::size_t>(put));
            }
            // A reader that closed its stdin early does not want the rest.
            if (to_write.empty() || (put < 0 && errno != EINTR && errno != EAGAIN)) {
                input.reset();
            }
        }
    }
}

}  // namespace

std::string shell_quote(std::string_view word) {
    constexpr std::string_view kSafe =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";
    if (!word.empty() && word.find_first_not_of(kSafe) == std::string_view::npos) {
        return std::string(word);
    }
    std::string quoted = "'";
    for (const char c : word) {
        if (c == '\'') {
            quoted += "'\\''";
        } else {
            quoted += c;
        }
    }
    return quoted + "'";
}

std::string Command::to_string() const {
    std::string line;
    for (const auto& [key, value] : env) {
        line += fmt::format("{}={} ", key, shell_quote(value));
    }
    for (const std::string& word : argv) {
        line += shell_quote(word) + " ";
    }
    if (!line.empty()) {
        line.pop_back();
    }
    return line;
}

std::string describe_status(int status) {
    if (status > 128) {
        return fmt::format("was killed by signal {} ({})", status - 128, ::strsignal(status - 128));
    }
    return fmt::format("failed with exit code {}", status);
}

std::optional<std::filesystem::path> find_program(std::string_view name) {
    const char* path = std::getenv("PATH");
    std::string_view rest = path != nullptr ? path : "/usr/bin:/bin";
    while (!rest.empty()) {
        const std::size_t colon = rest.find(':');
        const std::filesystem::path candidate = std::filesystem::path(rest.substr(0, colon)) / name;
        if (::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
        rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    }
    return std::nullopt;
}

RunResult run(const Command& command) {
    const auto deadline = Clock::now() + command.timeout;
    const UniqueFd null = open_file("/dev/null", O_RDWR);
    Pipe in;
    Pipe out;
    Pipe err;
    SpawnFds fds{null.get(), command.stdout_fd, command.stderr_fd};
    if (command.stdin_fd >= 0) {
        fds.in = command.stdin_fd;
    } else if (!command.stdin_data.empty()) {
        in = make_pipe();
        fds.in = in.read_end.get();
        ::fcntl(in.write_end.get(), F_SETFL, O_NONBLOCK);
    }
    if (fds.out < 0) {
        out = make_pipe();
        fds.out = out.write_end.get();
    }
    if (fds.err < 0) {
        err = make_pipe();
        fds.err = err.write_end.get();
    }
    const pid_t pid = spawn(command, fds, false);
    in.read_end.reset();
    out.write_end.reset();
    err.write_end.reset();
    // Until it is reaped below, an exception kills the whole group.
    ScopeExit kill_group([pid] {
        ::kill(-pid, SIGKILL);
        wait_child(pid, std::chrono::seconds(5));
    });

    RunResult result;
    std::array<Capture, 2> captures{
        Capture{out.read_end.get(), &result.out, command.stdout_limit, false},
        Capture{err.read_end.get(), &result.err, command.stderr_limit, true}};
    exchange(command, std::move(in.write_end), captures, deadline);
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    std::optional<int> status;
    while (!status && Clock::now() < deadline) {
        status = wait_child(pid, std::min(left, milliseconds(200)));
        interrupt().check();
    }
    if (!status) {
        throw Error(ErrorKind::timeout, fmt::format("'{}' did not end in time", command.argv[0]));
    }
    kill_group.dismiss();
    result.status = *status;
    return result;
}

RunResult run_checked(const Command& command) {
    RunResult result = run(command);
    if (result.status != 0) {
        throw CommandError(command.to_string(), result.status, result.err,
                           fmt::format("'{}' {}", command.argv[0], describe_status(result.status)));
    }
    return result;
}

std::optional<ProcessId> find_process(pid_t pid) {
    std::string text;
    try {
        text = read_file(fmt::format("/proc/{}/stat", pid), 65536);
    } catch (const Error&) {
        return std::nullopt;  // ENOENT or ESRCH: no such process
    }
    // The second field is the program's name in brackets and may hold anything; fields go on after
    // the last ')'.
    const std::size_t bracket = text.rfind(')');
    if (bracket == std::string::npos) {
        return std::nullopt;
    }
    std::string_view rest = std::string_view(text).substr(bracket + 2);
    if (rest.starts_with('Z') || rest.starts_with('X')) {
        return std::nullopt;
    }
    for (int field = 3; field < 22; ++field) {
        rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
    }
    return ProcessId{pid, std::strtoull(std::string(rest).c_str(), nullptr, 10)};
}

bool is_alive(const ProcessId& id) {
    return id.pid > 0 && find_process(id.pid) == id;
}

bool send_signal(const ProcessId& id, int signal) {
    if (id.pid <= 0) {
        return false;
    }
    const UniqueFd pidfd(::pidfd_open(id.pid, 0));
    // The pidfd pins the process; only then is the start time compared.
    if (!pidfd || !is_alive(id)) {
        return false;
    }
    return ::pidfd_send_signal(pidfd.get(), signal, nullptr, 0) == 0;
}

bool wait_gone(const ProcessId& id, milliseconds limit) {
    return wait_departure(id, limit).gone;
}

Departure wait_departure(const ProcessId& id, milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    if (id.pid <= 0) {
        return {.gone = true, .status = std::nullopt};
    }
    const UniqueFd pidfd(::pidfd_open(id.pid, 0));
    while (true) {
        int wait_status = 0;
        // Reaps it if it is ours and dead; else does nothing.
        if (::waitpid(id.pid, &wait_status, WNOHANG) == id.pid) {
            return {.gone = true, .status = status_of(wait_status)};
        }
        if (!is_alive(id)) {
            // It may have become our zombie between the two looks.
            const bool reaped = ::waitpid(id.pid, &wait_status, WNOHANG) == id.pid;
            return {.gone = true,
                    .status = reaped ? std::optional(status_of(wait_status)) : std::nullopt};
        }
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            return {};
        }
        pollfd entry{pidfd.get(), POLLIN, 0};
        ::poll(&entry, pidfd ? 1 : 0, static_cast<int>(std::min<long>(left.count(), 100)));
    }
}

UniqueFd open_pidfd(const ProcessId& id) {
    UniqueFd pidfd(::pidfd_open(id.pid, 0));
    // The pidfd pins the process; only then is the start time compared.
    return is_alive(id) ? std::move(pidfd) : UniqueFd();
}

void stop_process(const ProcessId& id, milliseconds grace) {
    send_signal(id, SIGTERM);
    if (wait_gone(id, grace)) {
        return;
    }
    send_signal(id, SIGKILL);
    if (!wait_gone(id, std::chrono::seconds(30))) {
        throw Error(ErrorKind::external, fmt::format("process {} does not die", id.pid),
                    "it hangs in the kernel; look at its stack in /proc");
    }
}

Process::Process(const Command& command) {
    const UniqueFd null = open_file("/dev/null", O_RDWR);
    const auto or_null = [&](int fd) { return fd >= 0 ? fd : null.get(); };
    pid_ = spawn(
        command,
        SpawnFds{or_null(command.stdin_fd), or_null(command.stdout_fd), or_null(command.stderr_fd)},
        false);
}

Process::Process(Process&& other) noexcept : pid_(other.pid_) {
    other.pid_ = -1;
}

Process& Process::operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
}

Process::~Process() {
    if (pid_ > 0) {
        guarded("process", [this] { stop(milliseconds(0)); });
    }
}

std::optional<int> Process::wait(milliseconds limit) {
    const std::optional<int> status = wait_child(pid_, limit);
    if (status) {
        pid_ = -1;
    }
    return status;
}

int Process::stop(milliseconds grace) {
    if (grace.count() > 0) {
        ::kill(-pid_, SIGTERM);
        if (const auto status = wait(grace)) {
            return *status;
        }
    }
    ::kill(-pid_, SIGKILL);
    const auto status = wait(std::chrono::seconds(30));
    return status.value_or(128 + SIGKILL);
}

ProcessId spawn_detached(const Command& command, const std::filesystem::path& log_path) {
    const UniqueFd null = open_file("/dev/null", O_RDWR);
    const UniqueFd log_fd = open_file(log_path.string(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const pid_t pid = spawn(command, SpawnFds{null.get(), log_fd.get(), log_fd.get()}, true);
    const std::optional<ProcessId> id = find_process(pid);
    if (!id) {
        const auto status = wait_child(pid, std::chrono::seconds(1));
        throw CommandError(command.to_string(), status.value_or(0), read_file(log_path),
                           fmt::format("'{}' ended at once", command.argv[0]));
    }
    return *id;
}

}  // namespace base
