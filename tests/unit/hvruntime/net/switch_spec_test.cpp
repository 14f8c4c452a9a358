// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/switch_spec.h"

#include "tests/support/catch.h"
#include "tests/support/network_fixture.h"

using hvruntime::SwitchSpec;

TEST_CASE("a spec survives its JSON", "[net][spec]") {
    SwitchSpec spec = tests::two_machines();
    spec.isolated = true;
    spec.mtu = 1400;
    spec.control_socket = "/run/x/ctl";
    spec.ports[0].switch_socket = "/run/x/a.s";
    CHECK(hvruntime::parse_switch_spec(hvruntime::to_json(spec), "test") == spec);
}

TEST_CASE("a spec with addresses that cannot work is refused by name", "[net][spec]") {
    const auto message_of = [](const auto& change) {
        SwitchSpec spec = tests::two_machines();
        change(spec);
        const base::Error error = tests::error_of([&] { validate_switch_spec(spec); });
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        return error.message();
    };
    using Catch::Matchers::Contains;
    CHECK_THAT(message_of([](SwitchSpec& s) { s.subnet = "10.84.0.5/24"; }),
               Contains("'10.84.0.5/24' is not a subnet"));
    CHECK_THAT(message_of([](SwitchSpec& s) { s.hosts[0].ip = "10.84.0.3"; }),
               Contains("host 'db' has the address '10.84.0.3'"));
    CHECK_THAT(message_of([](SwitchSpec& s) { s.ports[1].ip = "10.85.0.11"; }),
               Contains("machine 'm-web' has the address '10.85.0.11'"));
    CHECK_THAT(message_of([](SwitchSpec& s) { s.ports[1].mac = s.ports[0].mac; }),
               Contains("used twice"));
    CHECK_THAT(message_of([](SwitchSpec& s) { s.hosts[1].mac = "53:54:00:00:00:0b"; }),
               Contains("unusable MAC address"));
    CHECK_THAT(message_of([](SwitchSpec& s) { s.hosts[1].mac = "52:54:00:00:00:0c"; }),
               Contains("disagree"));
    CHECK_THAT(message_of([](SwitchSpec& s) { s.hosts[0].name = "a.b"; }), Contains("one label"));
    CHECK_THAT(message_of([](SwitchSpec& s) { s.domains = {"a..b"}; }), Contains("domain name"));
    CHECK_THAT(message_of([](SwitchSpec& s) { s.id = "../x"; }), Contains("network id"));
    CHECK_THAT(message_of([](SwitchSpec& s) { s.mtu = 100; }), Contains("MTU"));
}

TEST_CASE("MAC addresses follow from their seed", "[net][spec]") {
    CHECK(hvruntime::make_mac_address("shop/db/0") == hvruntime::make_mac_address("shop/db/0"));
    CHECK(hvruntime::make_mac_address("shop/db/0") != hvruntime::make_mac_address("shop/db/1"));
    CHECK(hvruntime::make_mac_address("x").starts_with("52:54:00:"));
    CHECK(hvruntime::make_subnet_address("10.84.2.0/24", 10) == "10.84.2.10");
    CHECK(tests::error_of([] { hvruntime::make_subnet_address("10.84.2.0/24", 255); }).kind() ==
          base::ErrorKind::invalid_input);
}
