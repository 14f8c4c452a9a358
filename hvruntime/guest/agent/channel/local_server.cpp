// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/local_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace hvruntime::agent {

namespace {

constexpr std::size_t kMostRequest = 32U << 20U;
constexpr std::size_t kMostClients = 256;

base::UniqueFd listen_on(const std::filesystem::path& path) {
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof(address.sun_path)) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is too long for a socket", path.string()));
    }
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    ::unlink(path.c_str());  // of a daemon that was killed
    const mode_t old_mask = ::umask(0177);
    // SAFETY: the socket API takes every address type through sockaddr.
    const bool good =
        fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
        ::listen(fd.get(), 64) == 0;
    const int why = errno;
    ::umask(old_mask);
    if (!good) {
        throw base::SystemError(why, fmt::format("listening on '{}'", path.string()));
    }
    return fd;
}

bool is_allowed(int fd) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == ::geteuid());
}

}  // namespace

LocalServer::LocalServer(EventLoop& loop, std::filesystem::path path, Answer answer)
    : loop_(loop), path_(std::move(path)), answer_(std::move(answer)), listener_(listen_on(path_)) {
    loop_.add(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_clients(); });
}

LocalServer::~LocalServer() {
    ::unlink(path_.c_str());
}

void LocalServer::accept_clients() {
    while (true) {
        base::UniqueFd fd(
            ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!fd) {
            return;
        }
        if (!is_allowed(fd.get()) || clients_.size() >= kMostClients) {
            continue;
        }
        const int number = ++last_client_;
        Client& client = clients_[number];
        client.fd = std::move(fd);
        client.watch =
            loop_.add(client.fd.get(), EPOLLIN, [this, number](std::uint32_t) { serve(number); });
    }
}

void LocalServer::serve(int number) {
    const auto found = clients_.find(number);
    if (found == clients_.end()) {
        return;
    }
    Client& client = found->second;
    bool there = true;
    std::array<char, 65536> buffer;
    while (true) {
        const ssize_t got = ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            there = got < 0 && (errno == EAGAIN || errno == EINTR);
            break;
        }
        client.input.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (!there || client.input.size() > kMostRequest) {
        drop(number);
        return;
    }
    take_input(client);
    if (!flush(client)) {
        drop(number);
    }
}

void LocalServer::take_input(Client& client) {
    const std::size_t newline = client.input.find('\n');
    if (newline == std::string::npos || client.request) {
        return;
    }
    try {
        client.request = parse_local_request(client.input.substr(0, newline));
    } catch (const base::Error& error) {
        client.output += reply_line(error);
    }
    client.input.erase(0, newline + 1);
    try_answer(client);
}

void LocalServer::try_answer(Client& client) {
    if (!client.request) {
        return;
    }
    try {
        const auto entries = answer_(*client.request);
        if (!entries) {
            return;
        }
        client.output += reply_line(*entries);
    } catch (const base::Error& error) {
        client.output += reply_line(error);
    }
    client.request.reset();
}

void LocalServer::keys_changed() {
    std::vector<int> gone;
    for (auto& [number, client] : clients_) {
        if (client.request && client.request->kind == LocalRequest::Kind::wait) {
            try_answer(client);
            if (!flush(client)) {
                gone.push_back(number);
            }
        }
    }
    for (const int number : gone) {
        drop(number);
    }
}

// False: the client has gone.
bool LocalServer::flush(Client& client) {
    while (!client.output.empty()) {
        const ssize_t sent =
            ::send(client.fd.get(), client.output.data(), client.output.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            return false;
        }
        if (sent < 0 && errno == EAGAIN) {
            break;
        }
        client.output.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
    }
    const std::uint32_t events = client.output.empty() ? EPOLLIN : (EPOLLIN | EPOLLOUT);
    loop_.modify(client.watch, client.fd.get(), events);
    return true;
}

void LocalServer::drop(int number) {
    const auto found = clients_.find(number);
    if (found != clients_.end()) {
        loop_.remove(found->second.watch, found->second.fd.get());
        clients_.erase(found);
    }
}

}  // namespace hvruntime::agent
