// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/config/guest_config.h"

#include "hvruntime/guest/agent/config/system_files.h"
#include "ovfkit/env/ovf_env.h"
#include "tests/support/catch.h"

namespace {

using namespace hvruntime::agent;

GuestConfig parse(const std::vector<ovfkit::EnvProperty>& properties,
                  const std::optional<std::string>& machine = std::nullopt) {
    return parse_guest_config(
        ovfkit::write_ovf_env(
            {.id = "m", .platform = {}, .properties = properties, .siblings = {}}),
        machine);
}

TEST_CASE("the keys of Oracle VM templates are honoured", "[hvruntime][guest]") {
    const std::string net = "com.oracle.linux.network.";
    const GuestConfig config = parse({{net + "hostname", "web.example.org"},
                                      {net + "device.0", "eth0"},
                                      {net + "onboot.0", "yes"},
                                      {net + "bootproto.0", "static"},
                                      {net + "ipaddr.0", "10.1.0.5"},
                                      {net + "netmask.0", "255.255.240.0"},
                                      {net + "gateway.0", "10.1.0.1"},
                                      {net + "dns-servers.0", "10.1.0.2,10.1.0.3"},
                                      {net + "dns-search-domains.0", "example.org"},
                                      {net + "device.1", "eth1"},
                                      {net + "bootproto.1", "dhcp"},
                                      {net + "device.2", "eth2"},
                                      {net + "onboot.2", "no"},
                                      {net + "host.0", "10.1.0.9 db db.example.org"},
                                      {"com.oracle.linux.root-password", "pw"},
                                      {"com.oracle.linux.datetime.timezone", "Europe/Berlin"}});
    CHECK(config.refused.empty());
    CHECK(config.hostname == "web");
    CHECK(config.domain == "example.org");
    CHECK(config.root_password == "pw");
    CHECK(config.timezone == "Europe/Berlin");
    CHECK(config.host_lines == std::vector<std::string>{"10.1.0.9 db db.example.org"});
    REQUIRE(config.interfaces.size() == 2);
    CHECK(network_file_text(config.interfaces[0], config) ==
          "[Match]\nName=eth0\n\n[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
          "ConfigureWithoutCarrier=yes\nAddress=10.1.0.5/20\nGateway=10.1.0.1\nDNS=10.1.0.2\n"
          "DNS=10.1.0.3\nDomains=example.org\n");
    CHECK(network_file_text(config.interfaces[1], config).find("DHCP=ipv4") != std::string::npos);
}

TEST_CASE("what would break a configuration file is refused by name and without its value",
          "[hvruntime][guest]") {
    const GuestConfig config =
        parse({{"hostname", "a b"},
               {"password", "x\nroot::0:0"},
               {"public-keys", "ssh-ed25519 AAAA\tx"},
               {"muster.user", "../etc"},
               {"com.oracle.linux.datetime.timezone", "../../etc/shadow"},
               {"com.oracle.linux.network.host.0", "10.0.0.1"},
               {"com.oracle.linux.network.device.0", "eth0\n[Match]"}},
              R"({"dns": ["1.2.3.4\nnameserver 6.6.6.6"], "search": ["a;b"], "interfaces":
                  [{"mac": "52:54:00:00:00:0g"}, {"mac": "52:54:00:00:00:01", "address": "10.0.0.1/33"}]})");
    CHECK(config.hostname.empty());
    CHECK(config.password.empty());
    CHECK(config.public_keys.empty());
    CHECK(config.user.empty());
    CHECK(config.timezone.empty());
    CHECK(config.host_lines.empty());
    CHECK(config.dns.empty());
    CHECK(config.search.empty());
    REQUIRE(config.interfaces.size() == 1);
    CHECK(config.interfaces[0].address.empty());
    CHECK(config.refused.size() == 11);
    for (const std::string& line : config.refused) {
        CHECK(line.find("root::") == std::string::npos);
        CHECK(line.find('\n') == std::string::npos);
    }
}

TEST_CASE("what muster.json says goes before the environment", "[hvruntime][guest]") {
    const GuestConfig config = parse({{"hostname", "from-ovf"}, {"instance-id", "i-ovf"}},
                                     R"({"hostname": "db", "instance_id": "i-1"})");
    CHECK(config.hostname == "db");
    CHECK(config.instance_id == "i-1");
    CHECK(config.properties.size() == 2);
}

TEST_CASE("a netmask becomes a prefix", "[hvruntime][guest]") {
    CHECK(prefix_of_netmask("255.255.255.0") == 24);
    CHECK(prefix_of_netmask("0.0.0.0") == 0);
    CHECK_FALSE(prefix_of_netmask("255.0.255.0"));
    CHECK_FALSE(prefix_of_netmask("24"));
}

TEST_CASE("the user's lines in hosts stay, ours are replaced", "[hvruntime][guest]") {
    const GuestConfig config = parse({}, R"({"hostname": "db", "domain": "shop"})");
    const std::string once = hosts_text("127.0.0.1 localhost\n10.9.9.9 mine", config);
    CHECK(once ==
          "127.0.0.1 localhost\n10.9.9.9 mine\n# muster: begin\n127.0.1.1 db.shop db\n"
          "# muster: end\n");
    CHECK(hosts_text(once, config) == once);
    CHECK(hosts_text(once, {}) == "127.0.0.1 localhost\n10.9.9.9 mine\n");
}

}  // namespace
