// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_guest.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>

#include "base/error.h"
#include "hvruntime/net/engine/port_socket.h"

namespace tests {

using hvruntime::net::Bytes;
using hvruntime::net::ByteView;
using hvruntime::net::Endpoint;

FakeGuest::FakeGuest(const hvruntime::SwitchPort& port)
    : mac_(*hvruntime::net::find_mac(port.mac)),
      ip_(*hvruntime::net::find_ipv4(port.ip)),
      own_path_(port.machine_socket),
      switch_path_(port.switch_socket),
      fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    socklen_t size = 0;
    const sockaddr_storage address = hvruntime::net::unix_address(own_path_, size);
    ::unlink(own_path_.c_str());
    // SAFETY: the sockets API asks for sockaddr and reads it by its family.
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        throw base::SystemError(errno, "cannot make " + own_path_);
    }
}

FakeGuest::~FakeGuest() {
    ::unlink(own_path_.c_str());
}

bool FakeGuest::send(ByteView frame) {
    socklen_t size = 0;
    const sockaddr_storage address = hvruntime::net::unix_address(switch_path_, size);
    // SAFETY: as above.
    return ::sendto(fd_.get(), frame.data(), frame.size(), 0,
                    reinterpret_cast<const sockaddr*>(&address), size) >= 0;
}

std::optional<Bytes> FakeGuest::receive(const std::function<bool(const Bytes&)>& wanted,
                                        std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd entry{fd_.get(), POLLIN, 0};
        if (left.count() <= 0 || ::poll(&entry, 1, static_cast<int>(left.count())) <= 0) {
            return std::nullopt;
        }
        Bytes frame(65536);
        const ssize_t size = ::recv(fd_.get(), frame.data(), frame.size(), 0);
        frame.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        if (wanted(frame)) {
            return frame;
        }
    }
}

std::optional<Bytes> FakeGuest::ask_udp(const Endpoint& from, const Endpoint& to, ByteView payload,
                                        std::chrono::milliseconds limit) {
    namespace net = hvruntime::net;
    send(net::build_udp(from, to, payload));
    Bytes answer;
    const auto frame = receive(
        [&](const Bytes& data) {
            const auto ethernet = net::find_ethernet(data);
            const auto packet = ethernet ? net::find_ipv4_packet(ethernet->payload) : std::nullopt;
            const auto udp = packet && packet->protocol == net::kProtocolUdp
                                 ? net::find_udp(packet->payload)
                                 : std::nullopt;
            if (!udp || udp->to_port != from.port || udp->from_port != to.port) {
                return false;
            }
            answer.assign(udp->payload.begin(), udp->payload.end());
            return true;
        },
        limit);
    return frame ? std::optional(answer) : std::nullopt;
}

}  // namespace tests
