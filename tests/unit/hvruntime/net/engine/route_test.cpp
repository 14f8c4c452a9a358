// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/engine/route.h"

#include "hvruntime/net/packet/dhcp.h"
#include "tests/support/catch.h"

using namespace hvruntime::net;

namespace {

const NetworkLayout kLayout{*find_subnet("10.84.0.0/24"), 1500};
const PortIdentity kDb{*find_mac("52:54:00:00:00:0a"), *find_ipv4("10.84.0.10")};
const PortIdentity kWeb{*find_mac("52:54:00:00:00:0b"), *find_ipv4("10.84.0.11")};

Bytes udp(const MacAddress& from_mac, const char* from_ip, const MacAddress& to_mac,
          const char* to_ip, std::uint16_t from_port = 4000, std::uint16_t to_port = 4000) {
    return build_udp({from_mac, *find_ipv4(from_ip), from_port},
                     {to_mac, *find_ipv4(to_ip), to_port}, Bytes{1, 2, 3});
}

Bytes arp(const MacAddress& sender_mac, const char* sender_ip, const char* target_ip,
          std::uint16_t operation = kArpRequest, const MacAddress& to = kBroadcastMac) {
    return build_arp(to, {.operation = operation,
                          .sender_mac = sender_mac,
                          .sender_ip = *find_ipv4(sender_ip),
                          .target_ip = *find_ipv4(target_ip)});
}

Target target_of(const Bytes& frame) {
    return route_frame(kLayout, kDb, frame).target;
}

void check_dropped(const Bytes& frame, Drop reason) {
    const Route route = route_frame(kLayout, kDb, frame);
    CHECK(route.target == Target::drop);
    CHECK(to_string(route.reason) == to_string(reason));
}

}  // namespace

TEST_CASE("frames go to the machine, the service, the uplink or to everyone", "[net][route]") {
    const Route to_web =
        route_frame(kLayout, kDb, udp(kDb.mac, "10.84.0.10", kWeb.mac, "10.84.0.11"));
    CHECK(to_web.target == Target::port);
    CHECK(to_web.to == kWeb.mac);
    CHECK(target_of(udp(kDb.mac, "10.84.0.10", kLayout.service_mac(), "10.84.0.3")) ==
          Target::service);
    CHECK(target_of(udp(kDb.mac, "10.84.0.10", kLayout.uplink_mac(), "192.0.2.7")) ==
          Target::uplink);
    CHECK(target_of(udp(kDb.mac, "10.84.0.10", kBroadcastMac, "10.84.0.255")) == Target::everyone);
    CHECK(target_of(arp(kDb.mac, "10.84.0.10", "10.84.0.11")) == Target::everyone);
    CHECK(target_of(arp(kDb.mac, "10.84.0.10", "10.84.0.3")) == Target::service);
    CHECK(target_of(arp(kDb.mac, "10.84.0.10", "10.84.0.1")) == Target::uplink);
    CHECK(target_of(arp(kDb.mac, "0.0.0.0", "10.84.0.10")) == Target::everyone);
    CHECK(target_of(udp(kDb.mac, "0.0.0.0", kBroadcastMac, "255.255.255.255", 68, 67)) ==
          Target::service);
}

TEST_CASE("a machine cannot speak in another's name", "[net][route]") {
    check_dropped(udp(kWeb.mac, "10.84.0.10", kWeb.mac, "10.84.0.11"), Drop::wrong_mac);
    check_dropped(udp(kDb.mac, "10.84.0.11", kWeb.mac, "10.84.0.11"), Drop::wrong_ip);
    check_dropped(udp(kDb.mac, "0.0.0.0", kWeb.mac, "10.84.0.11"), Drop::wrong_ip);
    check_dropped(arp(kDb.mac, "10.84.0.11", "10.84.0.12", kArpReply, kWeb.mac), Drop::wrong_arp);
    check_dropped(arp(kDb.mac, "0.0.0.0", "10.84.0.12", kArpReply, kWeb.mac), Drop::wrong_arp);
    Bytes claimed = arp(kDb.mac, "10.84.0.10", "10.84.0.12");
    claimed[27] = 0x0b;  // the sender's MAC inside the ARP packet
    check_dropped(claimed, Drop::wrong_arp);
    check_dropped(udp(kDb.mac, "10.84.0.10", kWeb.mac, "10.84.0.11", 67, 68), Drop::rogue_dhcp);
}

TEST_CASE("what is not IPv4 or ARP, too long or broken is dropped", "[net][route]") {
    Bytes frame = udp(kDb.mac, "10.84.0.10", kWeb.mac, "10.84.0.11");
    for (const unsigned type : {0x86ddU, 0x8100U, 0x88a8U, 0x88ccU}) {
        frame[12] = static_cast<std::uint8_t>(type >> 8);
        frame[13] = static_cast<std::uint8_t>(type);
        check_dropped(frame, Drop::unknown_protocol);
    }
    Bytes broken = udp(kDb.mac, "10.84.0.10", kWeb.mac, "10.84.0.11");
    broken[24] ^= 1U;  // the IPv4 header's checksum
    check_dropped(broken, Drop::malformed);
    Bytes large = udp(kDb.mac, "10.84.0.10", kWeb.mac, "10.84.0.11");
    large.resize(1515);
    check_dropped(large, Drop::too_big);
    large.resize(1514);
    CHECK(target_of(large) == Target::port);
    check_dropped(Bytes(13), Drop::malformed);
    check_dropped({}, Drop::malformed);
}

TEST_CASE("the uplink never sees the host's loopback or link-local addresses", "[net][route]") {
    for (const char* ip : {"127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254", "224.0.0.1",
                           "255.255.255.255", "10.84.0.3", "10.84.0.50"}) {
        CHECK_FALSE(uplink_accepts(kLayout, *find_ipv4(ip)));
        check_dropped(udp(kDb.mac, "10.84.0.10", kLayout.uplink_mac(), ip), Drop::not_routed);
    }
    for (const char* ip : {"10.84.0.1", "10.85.0.1", "192.168.1.1", "1.1.1.1", "169.253.0.1"}) {
        CHECK(uplink_accepts(kLayout, *find_ipv4(ip)));
    }
}
