// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/connect/addresses.h"
#include "assembler/introspect/connect/address_book.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/connect/sample_facts.h"

using namespace assembler;

TEST_CASE("hosts are compared without what only decorates them", "[assembler][connect]") {
    CHECK(bare_host("DB.Shop.lan.") == "db.shop.lan");
    CHECK(bare_host("10.0.0.5/24") == "10.0.0.5");
    CHECK(bare_host("[FE80::1%eth0]") == "fe80::1");
    CHECK(bare_host("/run/pg.sock") == "/run/pg.sock");
    CHECK(bare_host("FD12:0:0:0::0007") == "fd12::7");
    CHECK(socket_path("unix:/var/run/pg.sock") == "/run/pg.sock");
    CHECK(socket_path("unix:///run/pg.sock") == "/run/pg.sock");
}

TEST_CASE("only four numbers up to 255 are an IPv4 address", "[assembler][connect]") {
    CHECK(find_ipv4("10.0.5.30") == 0x0a00051eU);
    for (const char* text : {"10.0.5", "10.0.5.256", "10.0.5.3.1", "10.0.5.", "db", "1.2.3.0004"}) {
        CHECK_FALSE(find_ipv4(text));
    }
    CHECK(is_address("fe80::1"));
    CHECK_FALSE(is_address("db:5432"));
}

TEST_CASE("what means the machine itself is known", "[assembler][connect]") {
    for (const char* host :
         {"localhost", "127.0.0.1", "127.0.1.1", "::1", "[::1]", "/run/x.sock"}) {
        CHECK(is_loopback(host));
    }
    CHECK_FALSE(is_loopback("10.0.0.127"));
    CHECK(is_any_address("*"));
    CHECK(is_any_address("[::]"));
}

TEST_CASE("an address with a prefix length is in a subnet", "[assembler][connect]") {
    CHECK(to_string(*find_subnet("10.0.5.30/24")) == "10.0.5.0/24");
    CHECK(to_string(*find_subnet("10.0.5.30/20")) == "10.0.0.0/20");
    CHECK(find_subnet("10.0.5.30/24")->contains(*find_ipv4("10.0.5.99")));
    CHECK_FALSE(find_subnet("10.0.5.30/24")->contains(*find_ipv4("10.0.6.1")));
    CHECK_FALSE(find_subnet("10.0.5.30"));
    CHECK_FALSE(find_subnet("10.0.5.30/33"));
    CHECK(subnet_text("10.0.5.30/24") == "10.0.5.0/24");
    CHECK(subnet_text("fd12:3456::7/64") == "fd12:3456::/64");
    CHECK(subnet_text("fd12:3456:7fff::7/35") == "fd12:3456:6000::/35");
    CHECK(subnet_text("fd12::7").empty());
}

TEST_CASE("a host is looked up as its machine would", "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    machines[0].os.hostname = "db.shop.lan";
    machines[0].hosts.push_back({"127.0.1.1", {"db.shop.lan", "primary"}, {}});
    const AddressBook book(machines);
    const auto owner = [&](const std::string& asking, const std::string& host) {
        const auto owners = book.find_owners(asking, host);
        return owners.empty() ? "" : owners.front().machine;
    };
    CHECK(owner("web", "10.0.5.30") == "db");
    CHECK(owner("web", "localhost") == "web");
    CHECK(owner("app", "db.shop.lan") == "db");
    CHECK(owner("web", "db") == "db");
    CHECK(owner("web", "primary") == "db");
    CHECK(owner("web", "app.shop.lan") == "app");  // the set's own domain
    CHECK(owner("web", "app.example.org").empty());
    CHECK(owner("web", "10.0.5.31").empty());
    CHECK(book.find_owners("app", "db").front().confidence >
          book.find_owners("web", "db").front().confidence);
}

TEST_CASE("/etc/hosts has the last word, also when it leads out of the set",
          "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    machines[2].hosts.push_back({"192.0.2.7", {"mirror"}, {}});
    machines[2].hosts.push_back({"127.0.0.1", {"localhost", "cache"}, {}});
    const AddressBook book(machines);
    CHECK(book.find_owners("web", "mirror").empty());
    CHECK(book.find_owners("web", "cache").front().machine == "web");
}

TEST_CASE("an address without an interface is found by its names", "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    machines[0].interfaces.clear();  // by DHCP
    const AddressBook book(machines);
    CHECK(book.find_owners("app", "db.shop.lan").front().machine == "db");
    CHECK(book.find_owners("web", "10.0.5.30").front().machine == "db");
}

TEST_CASE("two machines with one address are remarked", "[assembler][connect]") {
    std::vector<MachineFacts> machines = tests::shop_facts();
    machines[2].interfaces[0].addresses = {"10.0.5.20/24"};
    const AddressBook book(machines);
    REQUIRE(book.remarks().size() == 1);
    CHECK(book.remarks()[0].text.find("10.0.5.20") != std::string::npos);
    CHECK(book.find_owners("db", "10.0.5.20").size() == 2);
    CHECK(book.find_owners("web", "10.0.5.20").size() == 1);
}
