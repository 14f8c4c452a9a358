// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/port_socket.h"

#include <sys/un.h>
#include <unistd.h>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"

namespace hvruntime::net {

namespace {

constexpr std::size_t kMostQueued = 1024;
constexpr int kSendBuffer = 1 << 20;

base::UniqueFd make_socket() {
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
        throw base::SystemError(errno, "cannot make a datagram socket");
    }
    return fd;
}

const sockaddr* generic(const sockaddr_storage& address) {
    // SAFETY: the sockets API asks for sockaddr and reads it by its family.
    return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

sockaddr_storage unix_address(const std::string& path, socklen_t& size) {
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path) {
        throw base::Error(base::ErrorKind::environment,
                          fmt::format("the socket path '{}' is longer than {} bytes", path,
                                      sizeof address.sun_path - 1),
                          "set XDG_RUNTIME_DIR to a shorter folder");
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    size = sizeof address;
    sockaddr_storage storage{};
    std::memcpy(&storage, &address, sizeof address);
    return storage;
}

ReceiveBatch::ReceiveBatch(std::size_t largest_frame)
    : slot_(largest_frame + 1), space_(slot_ * kSize), places_(kSize), headers_(kSize) {
    for (std::size_t i = 0; i < kSize; ++i) {
        places_[i] = {space_.data() + i * slot_, slot_};
        headers_[i].msg_hdr.msg_iov = &places_[i];
        headers_[i].msg_hdr.msg_iovlen = 1;
    }
}

std::size_t ReceiveBatch::receive(int fd) {
    const int count = ::recvmmsg(fd, headers_.data(), kSize, MSG_DONTWAIT, nullptr);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

ByteView ReceiveBatch::frame(std::size_t index) const {
    return ByteView(space_.data() + index * slot_, headers_[index].msg_len);
}

PortSocket::PortSocket(std::string switch_path, std::string machine_path)
    : switch_path_(std::move(switch_path)),
      machine_path_(std::move(machine_path)),
      receiver_(make_socket()) {
    socklen_t size = 0;
    const sockaddr_storage address = unix_address(switch_path_, size);
    ::unlink(switch_path_.c_str());  // of a switch that was killed; the lock says that it is gone
    if (::bind(receiver_.get(), generic(address), size) != 0) {
        throw base::SystemError(errno, fmt::format("cannot make the socket '{}'", switch_path_));
    }
}

PortSocket::~PortSocket() {
    ::unlink(switch_path_.c_str());
}

void PortSocket::add_polls(PollSet& polls) {
    receive_index_ = polls.add(receiver_.get(), POLLIN);
    send_index_.reset();
    if (!queue_.empty() && sender_) {
        send_index_ = polls.add(sender_.get(), POLLOUT);
    }
}

void PortSocket::handle(const PollSet& polls) {
    if (!send_index_ || polls.revents(*send_index_) == 0) {
        return;
    }
    while (!queue_.empty()) {
        const Outcome outcome = try_send(queue_.front());
        if (outcome == Outcome::full) {
            return;
        }
        if (outcome == Outcome::absent) {
            queue_.clear();  // meant for a machine that ended
            return;
        }
        queue_.pop_front();
    }
}

std::optional<Drop> PortSocket::send(ByteView frame) {
    if (queue_.empty()) {
        const Outcome outcome = try_send(frame);
        if (outcome != Outcome::full) {
            return outcome == Outcome::sent ? std::nullopt : std::optional(Drop::peer_absent);
        }
    }
    if (queue_.size() >= kMostQueued) {
        return Drop::queue_full;
    }
    queue_.emplace_back(frame.begin(), frame.end());
    return std::nullopt;
}

bool PortSocket::connect() {
    base::UniqueFd fd = make_socket();
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
    socklen_t size = 0;
    const sockaddr_storage address = unix_address(machine_path_, size);
    if (::connect(fd.get(), generic(address), size) != 0) {
        return false;
    }
    sender_ = std::move(fd);
    return true;
}

// A machine that was started anew has a new socket at the old path: the second attempt finds it.
PortSocket::Outcome PortSocket::try_send(ByteView frame) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (!sender_ && !connect()) {
            return Outcome::absent;
        }
        if (::send(sender_.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
            return Outcome::sent;
        }
        if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) {
            return Outcome::full;
        }
        sender_.reset();
    }
    return Outcome::absent;
}

}  // namespace hvruntime::net
