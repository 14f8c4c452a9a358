// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/networks.h"

#include "assembler/introspect/connect/match_connections.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/connect/sample_facts.h"

using namespace assembler;

namespace {

NetworkMap networks_of(const std::vector<MachineFacts>& machines) {
    return find_networks(machines, match_connections(machines));
}

}  // namespace

TEST_CASE("machines in one subnet share one network", "[assembler][connect]") {
    const NetworkMap found = networks_of(tests::shop_facts());
    REQUIRE(found.networks.size() == 1);
    CHECK(found.networks[0].name == "net");
    CHECK_FALSE(found.networks[0].isolated);
    CHECK(found.of_machine.at("db") == std::vector<std::string>{"net"});
}

TEST_CASE("each subnet is a network; one without a gateway is isolated", "[assembler][connect]") {
    auto machines = tests::shop_facts();
    machines[0].interfaces[0].addresses = {"10.0.9.30/24"};
    machines[0].interfaces[0].gateway.clear();
    machines[1].hosts[0].address = "10.0.9.30";
    machines[1].interfaces.push_back({.name = "ens4", .addresses = {"10.0.9.20/24"}});
    machines[0].components[0].inputs[0].address = "0.0.0.0";
    const NetworkMap found = networks_of(machines);
    REQUIRE(found.networks.size() == 2);
    CHECK(found.networks[0].name == "net-10-0-9-0");
    CHECK(found.networks[0].isolated);
    CHECK_FALSE(found.networks[1].isolated);
    CHECK(found.of_machine.at("app") == std::vector<std::string>{"net-10-0-5-0", "net-10-0-9-0"});
    CHECK(found.network_for("app", "10.0.9.20", "web") == "net-10-0-9-0");
    CHECK(found.network_for("app", "app", "web") == "net-10-0-5-0");
}

TEST_CASE("without fixed addresses there is one network for all", "[assembler][connect]") {
    auto machines = tests::shop_facts();
    for (MachineFacts& machine : machines) {
        machine.interfaces.clear();
    }
    const NetworkMap found = networks_of(machines);
    REQUIRE(found.networks.size() == 1);
    CHECK(found.of_machine.at("web") == std::vector<std::string>{"net"});
}

TEST_CASE("machines that reach each other by a router get a network in common",
          "[assembler][connect]") {
    auto machines = tests::shop_facts();
    machines[0].interfaces[0].addresses = {"10.0.9.30/24"};
    machines[1].hosts[0].address = "10.0.9.30";
    const NetworkMap found = networks_of(machines);
    CHECK(found.of_machine.at("app") == std::vector<std::string>{"net-10-0-5-0", "net-10-0-9-0"});
    REQUIRE(found.remarks.size() == 1);
    CHECK(found.remarks[0].text.find("router") != std::string::npos);
}
