// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/start_order.h"

#include "assembler/introspect/connect/match_connections.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/connect/sample_facts.h"

using namespace assembler;

TEST_CASE("servers start before their clients", "[assembler][connect]") {
    const auto machines = tests::shop_facts();
    const StartOrder order = start_order(machines, match_connections(machines));
    CHECK(order.waves == std::vector<std::vector<std::string>>{{"db"}, {"app"}, {"web"}});
    CHECK(order.after.at("web") == std::vector<std::string>{"app"});
    CHECK(order.remarks.empty());
}

TEST_CASE("a circle is told and cut at its least sure connection", "[assembler][connect]") {
    auto machines = tests::shop_facts();
    // The database calls the web server back, but only maybe.
    machines[0].components[0].outputs.push_back(
        tests::output("hook", "http", "10.0.5.10", 80, {"/etc/hook.conf", 4, 0.4}));
    const StartOrder order = start_order(machines, match_connections(machines));
    CHECK(order.waves.size() == 3);
    CHECK(order.waves.front() == std::vector<std::string>{"db"});
    REQUIRE(order.remarks.size() == 1);
    CHECK(order.remarks[0].text.find("'db' does not wait for 'web'") != std::string::npos);
    CHECK(order.remarks[0].evidence.file == "/etc/hook.conf");
}

TEST_CASE("what stays in a machine does not order it", "[assembler][connect]") {
    auto machines = tests::shop_facts();
    machines[0].components[0].outputs.push_back(
        tests::output("self", "postgresql", "localhost", 5432, {}));
    CHECK(start_order(machines, match_connections(machines)).remarks.empty());
}
