// SPDX-License-Identifier: Apache-2.0
// The gateway (.1): libslirp, the one door to it. Translates the guests' connections to sockets of
// this process, and publishes ports of guests on the host. Its own DHCP, DNS by UDP, IPv6 and TFTP
// are off; the host's loopback is out of reach. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "hvruntime/net/engine/poll_set.h"
#include "hvruntime/net/packet/wire.h"

namespace hvruntime::net {

struct UplinkSettings {
    Subnet subnet;
    bool restricted = false;  // no way out; published ports still work
    std::size_t mtu = 1500;
};

class Uplink {
  public:
    // `send` gets frames for the guests; it is called from input() and handle().
    using Send = std::function<void(ByteView frame)>;
    Uplink(const UplinkSettings& settings, Send send);
    Uplink(const Uplink&) = delete;
    Uplink& operator=(const Uplink&) = delete;
    ~Uplink();

    void input(ByteView frame);
    void add_polls(PollSet& polls, TimePoint now);
    void handle(const PollSet& polls, TimePoint now);

    // host_port 0: a free one. Returns the port. conflict: in use.
    std::uint16_t publish(Ipv4Address host, std::uint16_t host_port, Ipv4Address guest,
                          std::uint16_t guest_port);
    void unpublish(Ipv4Address host, std::uint16_t host_port);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hvruntime::net
