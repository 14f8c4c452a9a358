// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/api/unix_listener.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;
using base::SystemError;

sockaddr_un address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string text = path.string();
    if (text.empty() || text.size() >= sizeof address.sun_path) {
        throw Error(ErrorKind::environment,
                    fmt::format("the socket path '{}' is longer than {} bytes", text,
                                sizeof address.sun_path - 1),
                    "set XDG_RUNTIME_DIR to a folder with a shorter name");
    }
    std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
    return address;
}

base::UniqueFd make_socket() {
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) {
        throw SystemError(errno, "cannot make a socket");
    }
    return fd;
}

// SAFETY: the sockets API wants every address as a sockaddr.
const sockaddr* as_sockaddr(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

base::FileLock lock_path(const std::filesystem::path& path) {
    base::FileLock lock = base::FileLock::try_lock(path.string() + ".lock");
    if (!lock) {
        throw Error(ErrorKind::conflict,
                    fmt::format("another daemon listens on '{}'", path.string()),
                    "stop it first, or use another runtime folder");
    }
    return lock;
}

}  // namespace

UnixListener::UnixListener(std::filesystem::path path)
    : path_(std::move(path)), lock_(lock_path(path_)), fd_(make_socket()) {
    const sockaddr_un address = address_of(path_);
    if (::connect(make_socket().get(), as_sockaddr(address), sizeof address) == 0) {
        throw Error(ErrorKind::conflict,
                    fmt::format("another program listens on '{}'", path_.string()));
    }
    struct stat info {};
    if (::lstat(path_.c_str(), &info) == 0) {
        if (!S_ISSOCK(info.st_mode)) {
            throw Error(ErrorKind::conflict,
                        fmt::format("'{}' is there and is no socket", path_.string()), "remove it");
        }
        ::unlink(path_.c_str());  // of a daemon that was killed
    }
    // On Linux the file gets the mode that the socket has when it is bound.
    if (::fchmod(fd_.get(), 0600) != 0 ||
        ::bind(fd_.get(), as_sockaddr(address), sizeof address) != 0 ||
        ::listen(fd_.get(), SOMAXCONN) != 0) {
        throw SystemError(errno, fmt::format("cannot listen on '{}'", path_.string()));
    }
}

UnixListener::~UnixListener() {
    ::unlink(path_.c_str());
}

Peer peer_of(int connection_fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(connection_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        throw SystemError(errno, "cannot tell who has connected");
    }
    return {credentials.pid, credentials.uid};
}

bool peer_is_gone(int connection_fd) {
    pollfd entry{connection_fd, POLLRDHUP, 0};
    return ::poll(&entry, 1, 0) > 0 &&
           (entry.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

}  // namespace hvruntime
