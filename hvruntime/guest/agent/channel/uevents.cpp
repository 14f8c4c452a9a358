// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/uevents.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <array>
#include <cerrno>

#include "base/error.h"

namespace hvruntime::agent {

Uevents::Uevents()
    : fd_(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT)) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1;  // the kernel's own; udev's are group 2
    // SAFETY: the socket API takes every address type through sockaddr.
    if (!fd_ ||
        ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        throw base::SystemError(errno, "listening to the kernel's device events");
    }
}

void Uevents::drain() {
    std::array<char, 8192> event;
    while (::recv(fd_.get(), event.data(), event.size(), 0) >= 0 || errno == ENOBUFS) {
    }
}

}  // namespace hvruntime::agent
