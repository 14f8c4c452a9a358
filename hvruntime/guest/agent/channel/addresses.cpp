// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/error.h"

namespace hvruntime::agent {

std::map<std::string, std::vector<std::string>> read_addresses() {
    ifaddrs* head = nullptr;
    if (::getifaddrs(&head) != 0) {
        throw base::SystemError(errno, "reading the addresses of the interfaces");
    }
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(head, ::freeifaddrs);
    std::map<std::string, std::vector<std::string>> v4;
    std::map<std::string, std::vector<std::string>> v6;
    for (const ifaddrs* one = head; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_LOOPBACK) != 0) {
            continue;
        }
        std::array<char, INET6_ADDRSTRLEN> text{};
        if (one->ifa_addr->sa_family == AF_INET) {
            // SAFETY: the family says which address type this is.
            const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
            ::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size());
            v4[one->ifa_name].emplace_back(text.data());
        } else if (one->ifa_addr->sa_family == AF_INET6) {
            // SAFETY: as above.
            const auto* address = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
            if (IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr) == 0) {
                ::inet_ntop(AF_INET6, &address->sin6_addr, text.data(), text.size());
                v6[one->ifa_name].emplace_back(text.data());
            }
        }
    }
    for (const auto& [name, addresses] : v6) {
        v4[name].insert(v4[name].end(), addresses.begin(), addresses.end());
    }
    return v4;
}

AddressWatch::AddressWatch()
    : fd_(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    // SAFETY: the socket API takes every address type through sockaddr.
    if (!fd_ ||
        ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        throw base::SystemError(errno, "listening to changes of addresses");
    }
}

void AddressWatch::drain() {
    std::array<char, 8192> news;
    while (::recv(fd_.get(), news.data(), news.size(), 0) >= 0 || errno == ENOBUFS) {
    }
}

bool wait_for_addresses(const std::vector<std::string>& wanted, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    AddressWatch watch;
    while (true) {
        std::vector<std::string> there;
        for (const auto& [name, addresses] : read_addresses()) {
            there.insert(there.end(), addresses.begin(), addresses.end());
        }
        const bool all = std::all_of(wanted.begin(), wanted.end(), [&](const std::string& one) {
            return std::find(there.begin(), there.end(), one) != there.end();
        });
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                              deadline - std::chrono::steady_clock::now())
                              .count();
        if (all || left <= 0) {
            return all;
        }
        pollfd entry{watch.fd(), POLLIN, 0};
        ::poll(&entry, 1, static_cast<int>(left));
        watch.drain();
    }
}

}  // namespace hvruntime::agent
