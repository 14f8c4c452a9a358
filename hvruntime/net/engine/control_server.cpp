// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/control_server.h"

#include <sys/socket.h>
#include <unistd.h>
#include <array>

#include <fmt/format.h>

#include "hvruntime/net/engine/port_socket.h"

namespace hvruntime::net {

namespace {

constexpr std::size_t kMostConnections = 64;
constexpr std::size_t kLongestLine = 64U << 10U;
constexpr std::size_t kMostUnsent = 4U << 20U;

}  // namespace

ControlServer::ControlServer(std::string path, Handler handler)
    : path_(std::move(path)),
      handler_(std::move(handler)),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    socklen_t size = 0;
    const sockaddr_storage address = unix_address(path_, size);
    ::unlink(path_.c_str());
    // SAFETY: the sockets API asks for sockaddr and reads it by its family.
    if (!listener_ ||
        ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(listener_.get(), 16) != 0) {
        throw base::SystemError(errno, fmt::format("cannot listen on '{}'", path_));
    }
}

ControlServer::~ControlServer() {
    ::unlink(path_.c_str());
}

void ControlServer::reply(const Caller& caller, base::Json result) {
    send_line(caller, base::Json{{"id", caller.id}, {"ok", true}, {"result", std::move(result)}});
}

void ControlServer::reply_error(const Caller& caller, const base::Error& error) {
    send_line(caller, base::Json{{"id", caller.id},
                                 {"ok", false},
                                 {"error",
                                  {{"kind", base::to_string(error.kind())},
                                   {"message", error.message()},
                                   {"hint", error.hint()}}}});
}

void ControlServer::send_line(const Caller& caller, const base::Json& line) {
    for (const auto& connection : connections_) {
        if (connection->serial == caller.connection && !connection->ended) {
            connection->output += base::to_json_text(line) + "\n";
            flush(*connection);
        }
    }
}

void ControlServer::add_polls(PollSet& polls) {
    std::erase_if(connections_, [](const auto& connection) { return connection->ended; });
    listen_index_ = polls.add(listener_.get(), POLLIN);
    for (const auto& connection : connections_) {
        const int events = connection->output.empty() ? POLLIN : POLLIN | POLLOUT;
        connection->poll_index = polls.add(connection->fd.get(), static_cast<short>(events));
        connection->polled = true;
    }
}

void ControlServer::handle(const PollSet& polls) {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        Connection& connection = *connections_[i];
        if (!connection.polled || polls.revents(connection.poll_index) == 0) {
            continue;
        }
        flush(connection);
        receive(connection);
    }
    if (polls.revents(listen_index_) != 0) {
        accept_one();
    }
}

void ControlServer::accept_one() {
    base::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd && connections_.size() < kMostConnections) {  // else it is closed: too many
        connections_.push_back(std::make_unique<Connection>(
            Connection{.serial = next_serial_++, .fd = std::move(fd)}));
    }
}

void ControlServer::receive(Connection& connection) {
    std::array<char, 4096> buffer{};
    const ssize_t size = ::read(connection.fd.get(), buffer.data(), buffer.size());
    if (size > 0) {
        connection.input.append(buffer.data(), static_cast<std::size_t>(size));
        take_lines(connection);
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        connection.ended = true;
    }
}

void ControlServer::take_lines(Connection& connection) {
    std::size_t end = connection.input.find('\n');
    while (end != std::string::npos && !connection.ended) {
        const std::string line = connection.input.substr(0, end);
        connection.input.erase(0, end + 1);
        take_line(connection.serial, line);
        end = connection.input.find('\n');
    }
    if (connection.input.size() > kLongestLine) {
        connection.ended = true;
    }
}

void ControlServer::take_line(std::uint64_t serial, const std::string& line) {
    Caller caller{.connection = serial, .id = nullptr};
    try {
        const base::Json request = base::parse_json(line, "request");
        if (!request.is_object()) {
            throw base::Error(base::ErrorKind::invalid_input, "the request is not an object");
        }
        if (const auto id = request.find("id"); id != request.end()) {
            caller.id = *id;
        }
        handler_(caller, request);
    } catch (const base::Error& error) {
        reply_error(caller, error);
    } catch (const std::exception& error) {
        reply_error(caller, base::Error(base::ErrorKind::invalid_input, error.what()));
    }
}

void ControlServer::flush(Connection& connection) {
    while (!connection.output.empty()) {
        const ssize_t size = ::send(connection.fd.get(), connection.output.data(),
                                    connection.output.size(), MSG_NOSIGNAL);
        if (size > 0) {
            connection.output.erase(0, static_cast<std::size_t>(size));
        } else if (errno == EAGAIN) {
            connection.ended = connection.ended || connection.output.size() > kMostUnsent;
            return;
        } else if (errno != EINTR) {
            connection.ended = true;
            return;
        }
    }
}

}  // namespace hvruntime::net
