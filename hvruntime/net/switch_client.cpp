// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/switch_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/interrupt.h"
#include "hvruntime/net/engine/port_socket.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestAnswer = 8U << 20U;

base::UniqueFd connect_to(const std::string& path) {
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    socklen_t size = 0;
    const sockaddr_storage address = net::unix_address(path, size);
    // SAFETY: the sockets API asks for sockaddr and reads it by its family.
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        const int error_number = errno;
        if (error_number == ENOENT || error_number == ECONNREFUSED) {
            throw Error(ErrorKind::not_found,
                        fmt::format("no network switch listens at '{}'", path),
                        "the daemon starts dead switches again: see 'muster status'");
        }
        throw base::SystemError(error_number, fmt::format("cannot connect to '{}'", path));
    }
    return fd;
}

void wait_for(int fd, short events, Clock::time_point deadline, const std::string& path) {
    while (true) {
        base::interrupt().check();
        const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            throw Error(ErrorKind::timeout,
                        fmt::format("the network switch at '{}' did not answer in time", path));
        }
        pollfd entry{fd, events, 0};
        if (::poll(&entry, 1, static_cast<int>(std::min<long>(left, 200))) > 0) {
            return;
        }
    }
}

void send_line(int fd, std::string_view line, Clock::time_point deadline, const std::string& path) {
    while (!line.empty()) {
        const ssize_t size = ::send(fd, line.data(), line.size(), MSG_NOSIGNAL);
        if (size >= 0) {
            line.remove_prefix(static_cast<std::size_t>(size));
        } else if (errno == EAGAIN) {
            wait_for(fd, POLLOUT, deadline, path);
        } else if (errno != EINTR) {
            throw base::SystemError(errno, fmt::format("cannot write to '{}'", path));
        }
    }
}

std::string receive_line(int fd, Clock::time_point deadline, const std::string& path) {
    std::string line;
    while (line.find('\n') == std::string::npos) {
        wait_for(fd, POLLIN, deadline, path);
        std::array<char, 16384> buffer{};
        const ssize_t size = ::read(fd, buffer.data(), buffer.size());
        if (size > 0) {
            line.append(buffer.data(), static_cast<std::size_t>(size));
        } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
            throw Error(ErrorKind::external,
                        fmt::format("the network switch at '{}' hung up", path),
                        "its log says why: 'log' in the network's data folder");
        }
        if (line.size() > kLongestAnswer) {
            throw Error(ErrorKind::external, fmt::format("'{}' answers without end", path));
        }
    }
    return line.substr(0, line.find('\n'));
}

}  // namespace

base::Json call_switch(const std::string& path, base::Json request, milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    const base::UniqueFd fd = connect_to(path);
    request["id"] = 1;
    send_line(fd.get(), base::to_json_text(request) + "\n", deadline, path);
    const base::Json answer = base::parse_json(receive_line(fd.get(), deadline, path), path);
    if (answer.is_object() && answer.value("ok", false) && answer.contains("result")) {
        return answer["result"];
    }
    if (!answer.is_object() || !answer.contains("error")) {
        throw Error(ErrorKind::external, fmt::format("'{}' gave an answer of no known form", path));
    }
    const base::Json& error = answer["error"];
    throw Error(
        base::find_error_kind(base::string_or(error, "kind", "")).value_or(ErrorKind::external),
        base::string_or(error, "message", "unknown error"), base::string_or(error, "hint", ""));
}

}  // namespace hvruntime
