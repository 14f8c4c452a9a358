// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/console.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "hvruntime/qmp/qmp_client.h"

namespace hvruntime {

namespace {

constexpr int kDrainLimitMs = 200;  // quiet time after which nothing more is awaited

// False: the machine's side has closed.
bool pass_output(int socket, int output) {
    std::array<char, 16384> buffer{};
    const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    if (got <= 0) {
        return false;
    }
    base::write_all(output, std::string_view(buffer.data(), static_cast<std::size_t>(got)),
                    "console output");
    return true;
}

// A machine that has gone is noticed by reading; what is typed meanwhile is lost.
void send_to_machine(int socket, std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(put));
    }
}

enum class InputState { more, escape, closed };

InputState pass_input(int input, int socket) {
    std::array<char, 4096> buffer{};
    const std::size_t got =
        base::read_some(input, std::as_writable_bytes(std::span(buffer)), "console input");
    if (got == 0) {
        return InputState::closed;
    }
    const std::string_view text(buffer.data(), got);
    const std::size_t escape = text.find(kConsoleEscape);
    send_to_machine(socket, text.substr(0, escape));
    return escape == std::string_view::npos ? InputState::more : InputState::escape;
}

ConsoleEnd drain(int socket, int output) {
    while (true) {
        pollfd entry{socket, POLLIN, 0};
        if (::poll(&entry, 1, kDrainLimitMs) == 0) {
            return ConsoleEnd::input_closed;
        }
        if (!pass_output(socket, output)) {
            return ConsoleEnd::machine_gone;
        }
    }
}

}  // namespace

base::UniqueFd connect_console(const std::filesystem::path& socket) {
    base::UniqueFd fd = try_connect_unix(socket);
    if (!fd) {
        throw base::Error(base::ErrorKind::environment,
                          fmt::format("nobody listens on the console socket '{}'", socket.string()),
                          "is the machine running? see 'muster ps'");
    }
    return fd;
}

ConsoleEnd relay_console(int socket, int input, int output) {
    while (true) {
        base::interrupt().check();
        std::array<pollfd, 3> entries{pollfd{socket, POLLIN, 0}, pollfd{input, POLLIN, 0},
                                      pollfd{base::interrupt().event_fd(), POLLIN, 0}};
        if (::poll(entries.data(), entries.size(), -1) < 0) {
            continue;  // EINTR
        }
        if (entries[0].revents != 0 && !pass_output(socket, output)) {
            return ConsoleEnd::machine_gone;
        }
        if (entries[1].revents != 0) {
            switch (pass_input(input, socket)) {
                case InputState::escape: return ConsoleEnd::escape;
                case InputState::closed: return drain(socket, output);
                case InputState::more: break;
            }
        }
    }
}

}  // namespace hvruntime
