// SPDX-License-Identifier: Apache-2.0
// The one door to other programs. A Command is a value; run() runs it to its end, Process owns a
// running one, spawn_detached() starts one that outlives us. No shell, close-on-exec everywhere,
// every run has a time limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"

namespace base {

struct Command {
    std::vector<std::string> argv;           // argv[0] is looked up in PATH
    std::map<std::string, std::string> env;  // added to ours
    bool clear_env = false;                  // start from an empty environment instead
    std::filesystem::path cwd;               // empty: ours
    std::string stdin_data;                  // empty: /dev/null
    int stdin_fd = -1;                       // used instead of stdin_data when set; borrowed
    int stdout_fd = -1;                      // set: not captured; borrowed
    int stderr_fd = -1;                      // set: not captured; borrowed
    std::chrono::milliseconds timeout = std::chrono::minutes(5);
    std::size_t stderr_limit = 64U << 10U;  // bytes of its end that are kept
    std::size_t stdout_limit = 64U << 20U;  // more is an error
    // Called with every piece of stdout and stderr as it comes, besides capturing. May be empty.
    std::function<void(std::string_view)> on_output;

    std::string to_string() const;  // quoted for a shell
};

struct RunResult {
    int status = 0;  // exit code; 128 + N when killed by signal N
    std::string out;
    std::string err;
};

// Throws Error(environment) when the program is missing, Error(timeout) after killing the process
// group, Error(interrupted) when base::interrupt() is raised meanwhile. A non-zero status is not an
// error here.
RunResult run(const Command& command);
// As run(), but a non-zero status throws CommandError.
RunResult run_checked(const Command& command);
// "failed with exit code 3", "was killed by signal 9 (Killed)".
std::string describe_status(int status);
std::string shell_quote(std::string_view word);
// The absolute path of a program in PATH.
std::optional<std::filesystem::path> find_program(std::string_view name);

// What tells a process from another one that got the same pid later: /proc/PID/stat field 22.
struct ProcessId {
    pid_t pid = -1;
    std::uint64_t start_time = 0;  // clock ticks after boot
    bool operator==(const ProcessId&) const = default;
};
std::optional<ProcessId> find_process(pid_t pid);  // nullopt: none, or a zombie
bool is_alive(const ProcessId& id);
// Sends the signal only if the process is still the same one (pidfd). False: it is gone.
bool send_signal(const ProcessId& id, int signal);
// Waits until it is gone; reaps it when it is our child. False: still there at the time limit.
bool wait_gone(const ProcessId& id, std::chrono::milliseconds limit);
// The same, and tells how it ended if it was our child and nobody reaped it before.
struct Departure {
    bool gone = false;
    std::optional<int> status;  // as RunResult::status
};
Departure wait_departure(const ProcessId& id, std::chrono::milliseconds limit);
// Readable when the process has ended; empty when it is gone already.
UniqueFd open_pidfd(const ProcessId& id);
// SIGTERM, then after `grace` SIGKILL; returns when it is gone.
void stop_process(const ProcessId& id, std::chrono::milliseconds grace);

// A child that dies with its owner: the destructor kills its process group and reaps it.
class Process {
  public:
    // stdin/stdout/stderr come from the command's fds; those not set are /dev/null.
    explicit Process(const Command& command);
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    ~Process();

    pid_t pid() const { return pid_; }
    // The status (as RunResult::status), or nullopt when the time limit came first.
    std::optional<int> wait(std::chrono::milliseconds limit);
    int stop(std::chrono::milliseconds grace);

  private:
    pid_t pid_ = -1;
};

// Starts a program in a session of its own that lives on when we end. stdout and stderr go to
// `log_path`. We stay its parent while we live: the caller reaps it (wait_gone does).
ProcessId spawn_detached(const Command& command, const std::filesystem::path& log_path);

}  // namespace base
