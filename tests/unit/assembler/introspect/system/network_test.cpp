// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/network/network.h"

#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/system/read_text.h"

using namespace assembler;
using namespace assembler::introspect;
using tests::ReadText;

namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("ifupdown's interfaces with what they take in", "[assembler][introspect]") {
    ReadText machine(
        "=== /etc/network/interfaces\nsource interfaces.d/*.cfg\nsource /etc/network/interfaces\n"
        "auto lo\niface lo inet loopback\nallow-hotplug ens3\niface ens3 inet static\n"
        "    address 10.0.0.5\n    netmask 255.255.255.0\n    gateway 10.0.0.1\n"
        "    dns-nameservers 10.0.0.2 10.0.0.3\niface ens3 inet6 auto\n"
        "=== /etc/network/interfaces.d/b.cfg\niface ens4 inet dhcp\n"
        "=== /etc/network/interfaces.d/not\niface ens5 inet dhcp\n");
    read_interfaces(machine.reading);
    const auto& interfaces = machine.facts.interfaces;
    REQUIRE(interfaces.size() == 2);
    CHECK(interfaces[0].name == "ens3");
    CHECK(interfaces[0].addresses == Texts{"10.0.0.5/24"});
    CHECK(interfaces[0].gateway == "10.0.0.1");
    CHECK(interfaces[0].dns == Texts{"10.0.0.2", "10.0.0.3"});
    CHECK(interfaces[0].evidence.line == 6);
    CHECK(interfaces[1].name == "ens4");
    CHECK(interfaces[1].method == "dhcp");
    CHECK(machine.facts.nameservers == Texts{"10.0.0.2", "10.0.0.3"});
}

TEST_CASE("netplan's devices, also those that are matched by name", "[assembler][introspect]") {
    const auto interfaces = parse_netplan(
        "network:\n  version: 2\n  ethernets:\n    ens3:\n      dhcp4: true\n    lan:\n"
        "      match: {name: ens4}\n      addresses:\n        - 10.1.0.5/16\n"
        "        - 10.1.0.6/16: {label: x}\n      routes: [{to: default, via: 10.1.0.1}]\n"
        "      nameservers: {addresses: [10.1.0.2]}\n  bonds: 7\n",
        "/etc/netplan/a.yaml");
    REQUIRE(interfaces.size() == 2);
    CHECK(interfaces[0].name == "ens3");
    CHECK(interfaces[0].method == "dhcp");
    CHECK(interfaces[0].evidence.line == 4);
    CHECK(interfaces[1].name == "ens4");
    CHECK(interfaces[1].method == "static");
    CHECK(interfaces[1].addresses == Texts{"10.1.0.5/16", "10.1.0.6/16"});
    CHECK(interfaces[1].gateway == "10.1.0.1");
    CHECK(interfaces[1].dns == Texts{"10.1.0.2"});
}

TEST_CASE("a broken netplan file is a remark and the others count", "[assembler][introspect]") {
    ReadText machine(
        "=== /etc/netplan/a.yaml\nnetwork: [\n"
        "=== /etc/netplan/b.yaml\nnetwork: {ethernets: {e0: {dhcp4: yes}}}\n");
    read_interfaces(machine.reading);
    REQUIRE(machine.facts.interfaces.size() == 1);
    CHECK(machine.facts.interfaces[0].name == "e0");
    REQUIRE(machine.facts.remarks.size() == 1);
    CHECK(machine.facts.remarks[0].text.find("/etc/netplan/a.yaml") != std::string::npos);
}

TEST_CASE("systemd-networkd, NetworkManager and Red Hat's scripts", "[assembler][introspect]") {
    const auto networkd = parse_networkd(
        "[Match]\nName=ens3\n[Network]\nAddress=10.0.0.5/24\nDNS=10.0.0.2\n[Route]\n"
        "Gateway=10.0.0.1\n",
        "/etc/systemd/network/10-lan.network");
    REQUIRE(networkd.size() == 1);
    CHECK(networkd[0].method == "static");
    CHECK(networkd[0].addresses == Texts{"10.0.0.5/24"});
    CHECK(networkd[0].gateway == "10.0.0.1");
    CHECK(parse_networkd("[Match]\nMACAddress=00:11\n[Network]\nDHCP=yes\n", "/x/a.network")[0]
              .name == "00:11");

    const auto manager = parse_keyfile(
        "[connection]\nid=lan\ninterface-name=ens3\n[ipv4]\nmethod=manual\n"
        "address1=10.0.0.5/24,10.0.0.1\ndns=10.0.0.2;10.0.0.3;\n[ipv6]\nmethod=disabled\n",
        "/x/lan.nmconnection");
    REQUIRE(manager.size() == 1);
    CHECK(manager[0].name == "ens3");
    CHECK(manager[0].method == "static");
    CHECK(manager[0].addresses == Texts{"10.0.0.5/24"});
    CHECK(manager[0].gateway == "10.0.0.1");
    CHECK(manager[0].dns == Texts{"10.0.0.2", "10.0.0.3"});
    CHECK(parse_keyfile("[other]\nx=1\n", "/x/readme").empty());

    const auto script = parse_ifcfg(
        "DEVICE=\"eth0\"\nBOOTPROTO=none\nIPADDR=10.0.0.9\nNETMASK=255.255.0.0\nDNS1=10.0.0.2\n",
        "/etc/sysconfig/network-scripts/ifcfg-eth0");
    REQUIRE(script.size() == 1);
    CHECK(script[0].name == "eth0");
    CHECK(script[0].method == "static");
    CHECK(script[0].addresses == Texts{"10.0.0.9/16"});
}

TEST_CASE("netmasks are prefix lengths", "[assembler][introspect]") {
    CHECK(prefix_length("255.255.255.0") == 24);
    CHECK(prefix_length("24") == 24);
    CHECK(prefix_length("0.0.0.0") == 0);
    CHECK(prefix_length("255.255.255.256") == -1);
    CHECK(prefix_length("255.255") == -1);
    CHECK(prefix_length("129") == -1);
    CHECK(prefix_length("") == -1);
}

TEST_CASE("keepalived's addresses have the priority of their instance", "[assembler][introspect]") {
    std::vector<std::string> includes;
    const auto found = assembler::introspect::parse_keepalived(
        "! a comment\nglobal_defs { router_id a }\nvrrp_instance one {\n  virtual_ipaddress {\n"
        "    10.0.0.100/24 dev eth0\n    # 10.0.0.101\n    fd00::100/64\n  }\n  priority 150\n}\n"
        "vrrp_instance two { virtual_ipaddress_excluded { 10.0.0.102 } }\n"
        "include /etc/keepalived/conf.d/*.conf\nvirtual_server 10.0.0.103 80 { priority 7 }\n} }\n",
        "/etc/keepalived/keepalived.conf", includes);
    REQUIRE(found.size() == 3);
    CHECK(found[0].address == "10.0.0.100");
    CHECK(found[0].priority == 150);
    CHECK(found[0].evidence.line == 5);
    CHECK(found[1].address == "fd00::100");
    CHECK(found[1].priority == 150);
    CHECK(found[2].address == "10.0.0.102");
    CHECK(found[2].priority == 100);
    CHECK(includes == std::vector<std::string>{"/etc/keepalived/conf.d/*.conf"});
}
