// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/tree_shell.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <array>
#include <cstdlib>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "base/raw_terminal.h"

namespace imagebuilder {

namespace {

constexpr const char* kShell = R"script(
if command -v bash >/dev/null; then
    exec bash -i
fi
exec sh -i
)script";
constexpr int kLookAtSizeMs = 250;
constexpr char kEndOfInput = 4;  // Ctrl-D

struct Terminal {
    base::UniqueFd ours;
    base::UniqueFd theirs;
};

Terminal open_terminal() {
    Terminal terminal;
    terminal.ours.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    std::array<char, 128> name{};
    if (!terminal.ours || ::grantpt(terminal.ours.get()) != 0 ||
        ::unlockpt(terminal.ours.get()) != 0 ||
        ::ptsname_r(terminal.ours.get(), name.data(), name.size()) != 0) {
        throw base::SystemError(errno, "cannot make a terminal for the shell");
    }
    terminal.theirs = base::open_file(name.data(), O_RDWR | O_NOCTTY);
    return terminal;
}

void copy_size(int from, int to) {
    winsize size{};
    winsize now{};
    if (::ioctl(from, TIOCGWINSZ, &size) == 0 && ::ioctl(to, TIOCGWINSZ, &now) == 0 &&
        (size.ws_row != now.ws_row || size.ws_col != now.ws_col)) {
        ::ioctl(to, TIOCSWINSZ, &size);
    }
}

// False: the other side is closed.
bool pass_on(int from, int to) {
    std::array<char, 16384> buffer{};
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    if (got <= 0) {
        return false;  // EIO: nobody holds the terminal any more
    }
    base::write_all(to, std::string_view(buffer.data(), static_cast<std::size_t>(got)),
                    "the shell's terminal");
    return true;
}

void relay_shell(int terminal, int input, int output) {
    bool typing = true;
    while (true) {
        base::interrupt().check();
        copy_size(input, terminal);
        std::array<pollfd, 3> entries{pollfd{terminal, POLLIN, 0},
                                      pollfd{typing ? input : -1, POLLIN, 0},
                                      pollfd{base::interrupt().event_fd(), POLLIN, 0}};
        if (::poll(entries.data(), entries.size(), kLookAtSizeMs) <= 0) {
            continue;
        }
        if (entries[0].revents != 0 && !pass_on(terminal, output)) {
            return;
        }
        if (entries[1].revents != 0 && !pass_on(input, terminal)) {
            typing = false;
            base::write_all(terminal, std::string_view(&kEndOfInput, 1), "the shell's terminal");
        }
    }
}

}  // namespace

void open_tree_shell(const StepContext& context, int input, int output) {
    Sandbox sandbox = sandbox_of(context);
    sandbox.own_terminal = true;
    const char* kind = std::getenv("TERM");
    sandbox.env["TERM"] = kind != nullptr && *kind != '\0' ? kind : "dumb";
    Terminal terminal = open_terminal();
    base::Command command = command_in_tree(sandbox, {"sh", "-c", kShell});
    command.stdin_fd = terminal.theirs.get();
    command.stdout_fd = terminal.theirs.get();
    command.stderr_fd = terminal.theirs.get();
    copy_size(input, terminal.ours.get());
    base::Process shell(command);
    terminal.theirs.reset();
    const base::RawTerminal raw(input);
    relay_shell(terminal.ours.get(), input, output);
    shell.wait(std::chrono::seconds(10));
}

}  // namespace imagebuilder
