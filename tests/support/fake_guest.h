// SPDX-License-Identifier: Apache-2.0
// A machine's NIC without a machine: the same datagram sockets that QEMU uses, frames made and read
// by the test. Not thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/fd.h"
#include "hvruntime/net/packet/frame.h"
#include "hvruntime/net/switch_spec.h"

namespace tests {

class FakeGuest {
  public:
    explicit FakeGuest(const hvruntime::SwitchPort& port);
    ~FakeGuest();
    FakeGuest(const FakeGuest&) = delete;
    FakeGuest& operator=(const FakeGuest&) = delete;

    hvruntime::net::MacAddress mac() const { return mac_; }
    hvruntime::net::Ipv4Address ip() const { return ip_; }
    hvruntime::net::Endpoint end(std::uint16_t port) const { return {mac_, ip_, port}; }

    bool send(hvruntime::net::ByteView frame);  // false: nobody is there
    // The next frame that `wanted` accepts; others are thrown away.
    std::optional<hvruntime::net::Bytes> receive(
        const std::function<bool(const hvruntime::net::Bytes&)>& wanted,
        std::chrono::milliseconds limit = std::chrono::seconds(30));
    // UDP there and back; the answer's payload.
    std::optional<hvruntime::net::Bytes> ask_udp(
        const hvruntime::net::Endpoint& from, const hvruntime::net::Endpoint& to,
        hvruntime::net::ByteView payload,
        std::chrono::milliseconds limit = std::chrono::seconds(30));

  private:
    hvruntime::net::MacAddress mac_;
    hvruntime::net::Ipv4Address ip_;
    std::string own_path_;
    std::string switch_path_;
    base::UniqueFd fd_;
};

}  // namespace tests
