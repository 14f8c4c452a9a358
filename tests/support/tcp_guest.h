// SPDX-License-Identifier: Apache-2.0
// A machine that answers ARP and TCP without a machine: on port 80 it takes connections and answers
// each request with a small page, on other ports it refuses. Knows as much of TCP as that takes.
#pragma once

#include <string_view>
#include <thread>

#include "tests/support/fake_guest.h"

namespace tests {

class TcpGuest {
  public:
    explicit TcpGuest(const hvruntime::SwitchPort& port) : guest_(port) {
        thread_ = std::jthread([this](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                guest_.receive(
                    [this](const hvruntime::net::Bytes& frame) {
                        answer(frame);
                        return false;
                    },
                    std::chrono::milliseconds(20));
            }
        });
    }

  private:
    void answer(const hvruntime::net::Bytes& data) {
        using namespace hvruntime::net;
        const auto frame = find_ethernet(data);
        if (const auto arp = frame ? find_arp(frame->payload) : std::nullopt;
            arp && arp->operation == kArpRequest && arp->target_ip == guest_.ip()) {
            guest_.send(build_arp(arp->sender_mac, {.operation = kArpReply,
                                                    .sender_mac = guest_.mac(),
                                                    .sender_ip = guest_.ip(),
                                                    .target_mac = arp->sender_mac,
                                                    .target_ip = arp->sender_ip}));
            return;
        }
        const auto packet = frame ? find_ipv4_packet(frame->payload) : std::nullopt;
        const auto tcp =
            packet && packet->protocol == kProtocolTcp ? find_tcp(packet->payload) : std::nullopt;
        if (!tcp || (tcp->flags & kTcpRst) != 0) {
            return;
        }
        constexpr std::string_view kPage = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
        TcpSegment reply{.sequence = tcp->acknowledgement, .flags = kTcpAck};
        reply.acknowledgement = tcp->sequence + static_cast<std::uint32_t>(tcp->payload.size());
        if ((tcp->flags & kTcpSyn) != 0) {
            reply.sequence = 77;
            reply.acknowledgement = tcp->sequence + 1;
            reply.flags |= tcp->to_port == 80 ? kTcpSyn : kTcpRst;
        } else if (!tcp->payload.empty()) {
            // SAFETY: chars of a constant seen as bytes.
            reply.payload = {reinterpret_cast<const std::uint8_t*>(kPage.data()), kPage.size()};
            reply.flags |= kTcpFin;
        } else if ((tcp->flags & kTcpFin) != 0) {
            ++reply.acknowledgement;
        } else {
            return;
        }
        guest_.send(build_tcp(guest_.end(tcp->to_port), {frame->from, packet->from, tcp->from_port},
                              reply));
    }

    FakeGuest guest_;
    std::jthread thread_;
};

}  // namespace tests
