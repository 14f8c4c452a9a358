// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/packet/address.h"
#include "tests/support/catch.h"

using namespace hvruntime::net;

TEST_CASE("addresses are read strictly and written as they were", "[net][address]") {
    for (const char* text : {"0.0.0.0", "10.84.0.10", "255.255.255.255"}) {
        REQUIRE(find_ipv4(text));
        CHECK(to_string(*find_ipv4(text)) == text);
    }
    for (const char* text : {"", "10.84.0", "10.84.0.1.2", "256.1.1.1", "010.1.1.1", "1.1.1.1 ",
                             "-1.1.1.1", "1..1.1", "+1.1.1.1"}) {
        CHECK_FALSE(find_ipv4(text));
    }
    REQUIRE(find_mac("52:54:00:aB:0c:0d"));
    CHECK(to_string(*find_mac("52:54:00:aB:0c:0d")) == "52:54:00:ab:0c:0d");
    for (const char* text :
         {"", "52:54:00:ab:0c", "52-54-00-ab-0c-0d", "52:54:00:ab:0c:0g", "52:54:00:ab:0c:0d:"}) {
        CHECK_FALSE(find_mac(text));
    }
}

TEST_CASE("a subnet knows its own addresses", "[net][address]") {
    const auto subnet = find_subnet("10.84.7.0/24");
    REQUIRE(subnet);
    CHECK(to_string(subnet->gateway()) == "10.84.7.1");
    CHECK(to_string(subnet->service()) == "10.84.7.3");
    CHECK(to_string(subnet->broadcast()) == "10.84.7.255");
    CHECK(subnet->is_host(*find_ipv4("10.84.7.254")));
    CHECK_FALSE(subnet->is_host(*find_ipv4("10.84.7.255")));
    CHECK_FALSE(subnet->is_host(*find_ipv4("10.84.7.0")));
    CHECK_FALSE(subnet->is_host(*find_ipv4("10.84.8.1")));
    for (const char* text : {"10.84.7.1/24", "10.84.7.0", "10.0.0.0/7", "10.84.7.0/29",
                             "10.84.7.0/", "10.84.7.0/024"}) {
        CHECK_FALSE(find_subnet(text));
    }
}
