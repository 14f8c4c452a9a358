// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/qemu_process.h"

#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "hvruntime/machine/qemu_args.h"

namespace hvruntime {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

std::vector<std::string> split_arguments(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

std::optional<pid_t> parse_pid(std::string_view name) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    return error == std::errc() && end == name.data() + name.size() ? std::optional(pid)
                                                                    : std::nullopt;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// "socket,id=qmp,path=X,server=on,wait=off" to X; commas in X are doubled.
std::optional<fs::path> control_socket_of(const std::vector<std::string>& words) {
    constexpr std::string_view kBefore = "socket,id=qmp,path=";
    constexpr std::string_view kAfter = ",server=on,wait=off";
    for (const std::string& word : words) {
        if (word.starts_with(kBefore) && word.ends_with(kAfter)) {
            std::string path =
                word.substr(kBefore.size(), word.size() - kBefore.size() - kAfter.size());
            for (std::size_t i = path.find(",,"); i != std::string::npos;
                 i = path.find(",,", i + 1)) {
                path.erase(i, 1);
            }
            return path;
        }
    }
    return std::nullopt;
}

// The id of the machine, when these are the arguments of a QEMU of ours.
std::optional<FoundQemu> recognise(const std::vector<std::string>& words,
                                   const fs::path& data_dir) {
    const auto name = std::find(words.begin(), words.end(), "-name");
    const std::optional<fs::path> socket = control_socket_of(words);
    if (name == words.end() || name + 1 == words.end() || !socket) {
        return std::nullopt;
    }
    const std::size_t id_end = (name + 1)->find(',');
    if (!(name + 1)->starts_with("guest=") || id_end == std::string::npos) {
        return std::nullopt;
    }
    const std::string id = (name + 1)->substr(6, id_end - 6);
    const fs::path run_folder = socket->parent_path();
    const MachinePaths paths{.folder = machine_paths(data_dir, {}, id).folder,
                             .run_folder = run_folder};
    if (*(name + 1) != qemu_name_argument(id) || !contains(words, qemu_console_argument(paths))) {
        return std::nullopt;
    }
    return FoundQemu{.machine = id, .process = {}, .run_folder = run_folder};
}

struct Scan {
    std::vector<FoundQemu> found;
    bool unborn = false;  // a process of ours has no command line yet
};

// Between the moment in which exec(2) gives a process its new memory and that in which the
// arguments are there. Kernel threads have no command line either, but no program; a QEMU of ours
// leads the session it was spawned into.
bool is_unborn(pid_t pid, std::string_view cmdline) {
    std::error_code error;
    const fs::path program = fs::read_symlink(fmt::format("/proc/{}/exe", pid), error);
    return cmdline.empty() && !program.empty() && ::getsid(pid) == pid;
}

Scan scan_processes(const fs::path& data_dir) {
    Scan scan;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const std::optional<pid_t> pid = parse_pid(entry.path().filename().string());
        if (!pid) {
            continue;
        }
        // The start time is read first: should the pid change hands in between, the pair found
        // belongs to no living process.
        const std::optional<base::ProcessId> process = base::find_process(*pid);
        std::string text;
        try {
            text = base::read_file(entry.path() / "cmdline");
        } catch (const Error&) {
            continue;  // it has ended, or is none of our business
        }
        std::optional<FoundQemu> qemu = recognise(split_arguments(text), data_dir);
        if (qemu && process) {
            qemu->process = *process;
            scan.found.push_back(std::move(*qemu));
        }
        scan.unborn = scan.unborn || (process && is_unborn(*pid, text));
    }
    return scan;
}

std::string last_line_of(const fs::path& log) {
    std::string text;
    try {
        text = base::read_file(log);
    } catch (const Error&) {
        return "it said nothing";
    }
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    const std::size_t start = text.rfind('\n');
    return text.empty() ? "it said nothing"
                        : text.substr(start == std::string::npos ? 0 : start + 1);
}

}  // namespace

std::vector<FoundQemu> find_qemus(const fs::path& data_dir) {
    const auto deadline = Clock::now() + std::chrono::seconds(2);
    while (true) {
        const Scan scan = scan_processes(data_dir);
        if (!scan.unborn || Clock::now() > deadline) {
            return scan.found;
        }
        std::this_thread::sleep_for(milliseconds(10));
    }
}

Error qemu_ended_early(const MachinePaths& paths) {
    return {ErrorKind::external,
            fmt::format("QEMU ended while it started: {}", last_line_of(paths.qemu_log())),
            fmt::format("its log is '{}'", paths.qemu_log().string())};
}

std::string find_qemu_program(const std::string& configured) {
    std::string name = configured;
    if (const char* value = std::getenv("MUSTER_QEMU"); name.empty() && value != nullptr) {
        name = value;
    }
    if (name.find('/') != std::string::npos) {
        if (::access(name.c_str(), X_OK) != 0) {
            throw Error(ErrorKind::environment,
                        fmt::format("'{}' cannot be run as QEMU: there is no such program", name),
                        "correct or unset MUSTER_QEMU");
        }
        return fs::absolute(name).string();
    }
    const auto program = base::find_program(name.empty() ? "qemu-system-x86_64" : name);
    if (!program) {
        throw Error(
            ErrorKind::environment,
            fmt::format("the program '{}' is missing", name.empty() ? "qemu-system-x86_64" : name),
            "install it: apt-get install qemu-system-x86");
    }
    return fs::absolute(*program).string();
}

std::vector<std::string> end_with_starter(std::vector<std::string> argv) {
    const auto setpriv = base::find_program("setpriv");
    if (!setpriv) {
        throw Error(ErrorKind::environment, "setpriv is not installed",
                    "install it: apt-get install util-linux");
    }
    // The shell looks whether the starter had ended before the kernel knew of the wish; then it
    // becomes the program.
    const std::vector<std::string> before{setpriv->string(),
                                          "--pdeathsig",
                                          "KILL",
                                          "/bin/sh",
                                          "-c",
                                          R"([ "$PPID" = "$0" ] && exec "$@")",
                                          std::to_string(::getpid())};
    argv.insert(argv.begin(), before.begin(), before.end());
    return argv;
}

std::unique_ptr<QmpClient> wait_for_qmp(const base::ProcessId& process, const MachinePaths& paths,
                                        milliseconds limit, QmpClient::OnEvent on_event) {
    const auto deadline = Clock::now() + limit;
    milliseconds pause(2);
    while (true) {
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
        if (base::UniqueFd socket = try_connect_unix(paths.qmp_socket())) {
            try {
                return std::make_unique<QmpClient>(std::move(socket), left, on_event);
            } catch (const Error& error) {
                if (error.kind() == ErrorKind::external &&
                    base::wait_gone(process, std::chrono::seconds(1))) {
                    throw qemu_ended_early(paths);
                }
                throw;
            }
        }
        if (!base::is_alive(process)) {
            throw qemu_ended_early(paths);
        }
        if (left.count() <= 0) {
            throw Error(
                ErrorKind::timeout,
                fmt::format("QEMU did not open its control socket within {} ms", limit.count()),
                fmt::format("its log is '{}'", paths.qemu_log().string()));
        }
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, milliseconds(50));
    }
}

}  // namespace hvruntime
