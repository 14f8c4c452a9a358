// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/connections_text.h"

#include "assembler/introspect/connect/match_connections.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/connect/sample_facts.h"

using namespace assembler;

TEST_CASE("connections read as lines with their evidence", "[assembler][connect]") {
    const auto machines = tests::shop_facts();
    const ConnectionMap map = match_connections(machines);
    CHECK(connections_text(map, start_order(machines, map)) ==
          "app shop -> db postgresql (postgresql 5432)  1.00  /etc/shop/shop.env:2\n"
          "web nginx -> app shop (http 8080)  1.00  /etc/nginx/conf.d/shop.conf:4\n"
          "app shop -> outside: mail.example.org (smtp 25)  0.90  /etc/shop/shop.env:3\n"
          "web nginx <- open (http 80)  1.00  /etc/nginx/conf.d/shop.conf:2\n"
          "start: db; then app; then web\n");
}

TEST_CASE("connections as JSON have both ends and what was seen", "[assembler][connect]") {
    const auto machines = tests::shop_facts();
    const ConnectionMap map = match_connections(machines);
    const base::Json json = connections_json(map, start_order(machines, map));
    REQUIRE(json.at("connections").size() == 2);
    const base::Json& first = json.at("connections").at(0);
    CHECK(first.at("to").at("machine") == "db");
    CHECK(first.at("found_by") == "/etc/hosts, address of ens3");
    CHECK(first.at("output_evidence").at("line") == 2);
    CHECK(json.at("externals").at(0).at("properties").at(0) == "smtp.host");
    CHECK(json.at("start").at(0).at(0) == "db");
}
