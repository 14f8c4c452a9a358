// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/packet/dhcp.h"

#include <map>

#include "tests/support/catch.h"
#include "tests/support/dhcp_client.h"

using namespace hvruntime::net;

namespace {

const MacAddress kClient = *find_mac("52:54:00:00:00:0a");

DhcpLease lease_of_db() {
    return {.ip = *find_ipv4("10.84.0.10"),
            .subnet = *find_subnet("10.84.0.0/24"),
            .server = *find_ipv4("10.84.0.3"),
            .router = find_ipv4("10.84.0.1"),
            .host_name = "db",
            .domains = {"shop1", "guestbook"},
            .mtu = 1400};
}

std::optional<DhcpAnswer> answer_to(DhcpType type, const std::map<int, Bytes>& options,
                                    const DhcpLease& lease = lease_of_db(),
                                    Ipv4Address client_ip = {}) {
    const auto message = find_dhcp(tests::build_dhcp_request(kClient, type, options, client_ip));
    REQUIRE(message);
    return answer_dhcp(*message, lease);
}

Bytes ip_bytes(const char* text) {
    WireWriter out;
    out.ip(*find_ipv4(text));
    return out.take();
}

}  // namespace

TEST_CASE("a discover is offered the machine's own lease with all it needs", "[net][dhcp]") {
    const auto answer = answer_to(DhcpType::discover, {});
    REQUIRE(answer);
    const auto offer = tests::read_dhcp_answer(answer->payload);
    CHECK(offer.type == DhcpType::offer);
    CHECK(to_string(offer.your_ip) == "10.84.0.10");
    CHECK(answer->payload.size() >= 300);
    auto options = offer.options;
    CHECK(options[1] == ip_bytes("255.255.255.0"));
    CHECK(options[3] == ip_bytes("10.84.0.1"));
    CHECK(options[6] == ip_bytes("10.84.0.3"));
    CHECK(options[54] == ip_bytes("10.84.0.3"));
    CHECK(options[28] == ip_bytes("10.84.0.255"));
    CHECK(options[12] == Bytes{'d', 'b'});
    CHECK(options[15] == Bytes{'s', 'h', 'o', 'p', '1'});
    CHECK(options[26] == Bytes{1400 / 256, 1400 % 256});
    CHECK(options[51] == Bytes{0x01, 0xe1, 0x33, 0x80});
    CHECK(options[119] ==
          Bytes{5, 's', 'h', 'o', 'p', '1', 0, 9, 'g', 'u', 'e', 's', 't', 'b', 'o', 'o', 'k', 0});
}

TEST_CASE("an isolated network has no router", "[net][dhcp]") {
    DhcpLease lease = lease_of_db();
    lease.router.reset();
    const auto answer = answer_to(DhcpType::discover, {}, lease);
    REQUIRE(answer);
    CHECK_FALSE(tests::read_dhcp_answer(answer->payload).options.contains(3));
}

TEST_CASE("a request for the lease is acknowledged, for another address refused", "[net][dhcp]") {
    const auto type_of = [](const std::optional<DhcpAnswer>& answer) {
        REQUIRE(answer);
        return tests::read_dhcp_answer(answer->payload).type;
    };
    const std::map<int, Bytes> selecting{{50, ip_bytes("10.84.0.10")}, {54, ip_bytes("10.84.0.3")}};
    CHECK(type_of(answer_to(DhcpType::request, selecting)) == DhcpType::ack);
    CHECK(type_of(answer_to(DhcpType::request, {{50, ip_bytes("10.84.0.10")}})) == DhcpType::ack);
    CHECK(type_of(answer_to(DhcpType::request, {}, lease_of_db(), *find_ipv4("10.84.0.10"))) ==
          DhcpType::ack);  // renewing
    const auto refused = answer_to(DhcpType::request, {{50, ip_bytes("10.84.0.99")}});
    CHECK(type_of(refused) == DhcpType::nak);
    CHECK(refused->broadcast);
    CHECK(tests::read_dhcp_answer(refused->payload).your_ip == Ipv4Address{});
}

TEST_CASE("what is meant for another server, or is over, gets no answer", "[net][dhcp]") {
    CHECK_FALSE(
        answer_to(DhcpType::request, {{50, ip_bytes("10.84.0.10")}, {54, ip_bytes("10.84.0.99")}}));
    CHECK_FALSE(answer_to(DhcpType::release, {}));
    CHECK_FALSE(answer_to(DhcpType::decline, {{50, ip_bytes("10.84.0.10")}}));
}

TEST_CASE("a DHCP message cut at any byte is no message", "[net][dhcp]") {
    const Bytes whole =
        tests::build_dhcp_request(kClient, DhcpType::request, {{50, ip_bytes("10.84.0.10")}});
    REQUIRE(find_dhcp(whole));
    for (std::size_t size = 0; size + 7 < whole.size(); ++size) {  // the last option and the end
        const auto cut = find_dhcp(ByteView(whole).first(size));
        CHECK((!cut || size >= 243));
    }
}
