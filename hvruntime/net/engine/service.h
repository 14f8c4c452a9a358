// SPDX-License-Identifier: Apache-2.0
// The network's service address (.3): ARP, ping, DHCP, DNS. Decides what a frame asks for; sending,
// forwarding and probing are done by the switch. Not thread-safe.
#pragma once

#include <optional>
#include <string>

#include "hvruntime/net/engine/route.h"
#include "hvruntime/net/packet/dhcp.h"
#include "hvruntime/net/packet/dns.h"
#include "hvruntime/net/switch_spec.h"

namespace hvruntime::net {

// A segment for a TCP connection that only the prober can know.
struct ProbeSegment {
    Ipv4Address from;
    TcpSegment segment;  // its payload points into the frame
};

// At most one member is set; none: the frame is ignored.
struct ServiceAction {
    std::optional<Bytes> reply;       // a frame, back to the port
    std::optional<DnsQuery> forward;  // for the host's resolver, asked by `client`
    std::optional<ProbeSegment> probe;
    bool to_uplink = false;  // TCP to port 53: libslirp hands it to the host's resolver
    Endpoint client;
};

class Service {
  public:
    Service(const SwitchSpec& spec, const NetworkLayout& layout);

    ServiceAction handle(const PortIdentity& from, ByteView frame) const;
    // A DNS answer as a frame to the client.
    Bytes build_dns_frame(const Endpoint& client, ByteView payload) const;
    Endpoint address() const { return {layout_.service_mac(), layout_.subnet.service(), 0}; }

  private:
    ServiceAction handle_dhcp(const PortIdentity& from, const UdpDatagram& udp) const;
    ServiceAction handle_dns(const Endpoint& client, const UdpDatagram& udp) const;
    ServiceAction handle_tcp(const Endpoint& client, const Ipv4Packet& packet) const;

    NetworkLayout layout_;
    bool isolated_;
    DnsZone zone_;
    std::vector<std::string> domains_;
    std::map<MacAddress, std::pair<Ipv4Address, std::string>> hosts_;
};

}  // namespace hvruntime::net
