// SPDX-License-Identifier: Apache-2.0
// Real switch processes, fake guests on their sockets.
#include "hvruntime/net/switch_runtime.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <csignal>
#include <filesystem>
#include <thread>

#include "hvruntime/net/packet/dhcp.h"
#include "hvruntime/net/switch_client.h"
#include "tests/support/catch.h"
#include "tests/support/dhcp_client.h"
#include "tests/support/dns_client.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_guest.h"
#include "tests/support/network_fixture.h"
#include "tests/support/tcp_guest.h"

namespace fs = std::filesystem;
using namespace hvruntime::net;
using hvruntime::AdoptOutcome;
using hvruntime::SwitchSpec;
using hvruntime::TcpPortState;
using std::chrono::milliseconds;
using tests::FakeGuest;
using tests::TcpGuest;

namespace {

const Subnet kSubnet = *find_subnet("10.84.0.0/24");

Endpoint service_end(std::uint16_t port) {
    return {virtual_mac(kSubnet.service()), kSubnet.service(), port};
}

bool says_hello(const Bytes& frame) {
    return std::string(frame.begin(), frame.end()).find("hello") != std::string::npos;
}

Bytes hello(const Endpoint& from, const Endpoint& to) {
    return build_udp(from, to, Bytes{'h', 'e', 'l', 'l', 'o'});
}

// A TCP port of this process that listens, so that it is taken.
struct TakenPort {
    base::UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::uint16_t port = 0;
    TakenPort() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        // SAFETY: the sockets API asks for sockaddr and reads it by its family.
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(fd.get(), generic, size) == 0);
        REQUIRE(::listen(fd.get(), 1) == 0);
        REQUIRE(::getsockname(fd.get(), generic, &size) == 0);
        port = ntohs(address.sin_port);
    }
};

}  // namespace

TEST_CASE("two machines exchange frames and cannot pretend", "[net][switch]") {
    tests::NetworkFixture net;
    const SwitchSpec spec = net.runtime.start(tests::two_machines());
    FakeGuest db(spec.ports[0]);
    FakeGuest web(spec.ports[1]);

    REQUIRE(db.send(build_arp(
        kBroadcastMac, {.sender_mac = db.mac(), .sender_ip = db.ip(), .target_ip = web.ip()})));
    REQUIRE(web.receive([&](const Bytes& frame) {
        const auto ethernet = find_ethernet(frame);
        const auto arp = ethernet ? find_arp(ethernet->payload) : std::nullopt;
        return arp && arp->sender_mac == db.mac() && arp->target_ip == web.ip();
    }));
    REQUIRE(db.send(hello(db.end(7), web.end(7))));
    CHECK(web.receive(says_hello));

    REQUIRE(web.send(hello({web.mac(), db.ip(), 7}, db.end(7))));  // spoofed
    CHECK_FALSE(db.receive(says_hello, milliseconds(200)));
    const auto status = net.runtime.require("a1b2c3");
    CHECK(status.counters["dropped"]["wrong_ip"] == 1);
    CHECK(status.counters["ports"][0]["machine_id"] == "m-db");
    CHECK(status.counters["ports"][1]["frames_out"] == 2);
}

TEST_CASE("the service answers ARP, ping, DHCP and DNS", "[net][switch]") {
    tests::NetworkFixture net;
    const SwitchSpec spec = net.runtime.start(tests::two_machines());
    FakeGuest db(spec.ports[0]);

    db.send(
        build_arp(kBroadcastMac,
                  {.sender_mac = db.mac(), .sender_ip = db.ip(), .target_ip = kSubnet.service()}));
    CHECK(db.receive([&](const Bytes& frame) {
        const auto arp = find_arp(find_ethernet(frame)->payload);
        return arp && arp->operation == kArpReply &&
               arp->sender_mac == virtual_mac(kSubnet.service());
    }));
    db.send(
        build_ipv4(db.end(0), service_end(0), kProtocolIcmp, Bytes{8, 0, 0xf7, 0xfd, 0, 1, 0, 1}));
    CHECK(db.receive([](const Bytes& frame) {
        const auto packet = find_ipv4_packet(find_ethernet(frame)->payload);
        return packet && packet->protocol == kProtocolIcmp && packet->payload[0] == 0;
    }));

    const auto offer = db.ask_udp({db.mac(), {}, 68}, {kBroadcastMac, kBroadcastIp, 67},
                                  tests::build_dhcp_request(db.mac(), DhcpType::discover, {}));
    REQUIRE(offer);
    CHECK(to_string(tests::read_dhcp_answer(*offer).your_ip) == "10.84.0.10");

    const auto resolve = [&](const char* name, unsigned type) {
        const auto answer =
            db.ask_udp(db.end(5353), service_end(53), tests::build_dns_question(name, type));
        REQUIRE(answer);
        return tests::read_dns_answer(*answer);
    };
    CHECK(resolve("web.guestbook", tests::kDnsA).records == std::vector<std::string>{"10.84.0.11"});
    CHECK(resolve("nobody.guestbook", tests::kDnsA).code == 3);
}

TEST_CASE("an isolated network offers no router and asks no resolver", "[net][switch]") {
    tests::NetworkFixture net;
    SwitchSpec wanted = tests::two_machines();
    wanted.isolated = true;
    const SwitchSpec spec = net.runtime.start(wanted);
    FakeGuest db(spec.ports[0]);
    const auto offer = db.ask_udp({db.mac(), {}, 68}, {kBroadcastMac, kBroadcastIp, 67},
                                  tests::build_dhcp_request(db.mac(), DhcpType::discover, {}));
    REQUIRE(offer);
    CHECK_FALSE(tests::read_dhcp_answer(*offer).options.contains(3));
    const auto answer = db.ask_udp(db.end(5353), service_end(53),
                                   tests::build_dns_question("example.org", tests::kDnsA));
    REQUIRE(answer);
    CHECK(tests::read_dns_answer(*answer).code == 5);
}

TEST_CASE("a TCP probe tells open, closed and silent apart", "[net][switch]") {
    tests::NetworkFixture net;
    const SwitchSpec spec = net.runtime.start(tests::two_machines());
    const TcpGuest db(spec.ports[0]);
    const auto probe = [&](const char* ip, std::uint16_t port, int limit_ms) {
        return net.runtime.probe_tcp("a1b2c3", ip, port, milliseconds(limit_ms));
    };
    CHECK(probe("10.84.0.10", 80, 5000) == TcpPortState::open);
    CHECK(probe("10.84.0.10", 81, 5000) == TcpPortState::closed);
    CHECK(probe("10.84.0.11", 80, 300) == TcpPortState::silent);
    const auto error = tests::error_of([&] { probe("10.84.0.77", 80, 300); });
    CHECK(error.kind() == base::ErrorKind::not_found);
}

TEST_CASE("publishing a port that is in use is a conflict that names it", "[net][switch]") {
    tests::NetworkFixture net;
    net.runtime.start(tests::two_machines());
    const TakenPort taken;
    const auto error = tests::error_of([&] {
        net.runtime.publish("a1b2c3",
                            {.host_port = taken.port, .guest_ip = "10.84.0.10", .guest_port = 80});
    });
    CHECK(error.kind() == base::ErrorKind::conflict);
    CHECK(error.message() ==
          "port " + std::to_string(taken.port) + " on 127.0.0.1 is already in use");
    CHECK_THAT(error.hint(), Catch::Matchers::Contains("choose another port"));
    CHECK(net.runtime.require("a1b2c3").published.empty());

    const std::uint16_t port =
        net.runtime.publish("a1b2c3", {.guest_ip = "10.84.0.10", .guest_port = 80});
    const hvruntime::PublishedPort again{
        .host_port = port, .guest_ip = "10.84.0.10", .guest_port = 80};
    CHECK(net.runtime.publish("a1b2c3", again) == port);
    const auto other = tests::error_of([&] {
        net.runtime.publish("a1b2c3",
                            {.host_port = port, .guest_ip = "10.84.0.11", .guest_port = 80});
    });
    CHECK(other.kind() == base::ErrorKind::conflict);
    net.runtime.unpublish("a1b2c3", "127.0.0.1", port);
    CHECK(net.runtime.require("a1b2c3").published.empty());
}

TEST_CASE("a port published for a probe is closed when its time is over", "[net][switch]") {
    tests::NetworkFixture net;
    const SwitchSpec spec = net.runtime.start(tests::two_machines());
    const auto publish_for = [&](int seconds) {
        const base::Json request{{"op", "publish"},
                                 {"host_port", 0},
                                 {"seconds", seconds},
                                 {"guest_ip", "10.84.0.10"},
                                 {"guest_port", 80}};
        return hvruntime::call_switch(spec.control_socket, request, std::chrono::seconds(30))
            .value("host_port", 0);
    };
    const auto published = [&] {
        return hvruntime::call_switch(spec.control_socket, {{"op", "status"}},
                                      std::chrono::seconds(30))["published"];
    };
    const int lasting = publish_for(600);
    REQUIRE(published().size() == 1);
    CHECK(published()[0]["transient"] == true);
    CHECK(net.runtime.require("a1b2c3").published.empty());  // it is not the deployment's
    CHECK(hvruntime::read_published_ports(net.data.path() / "networks/a1b2c3/state.json").empty());
    const int brief = publish_for(1);
    CHECK(brief != lasting);
    CHECK(tests::eventually([&] { return published().size() == 1; }));
    CHECK(published()[0]["host_port"] == lasting);
}

TEST_CASE("stop leaves no process, socket or file", "[net][switch]") {
    tests::NetworkFixture net;
    net.runtime.start(tests::two_machines());
    const base::ProcessId process = net.runtime.require("a1b2c3").process;
    REQUIRE(base::is_alive(process));
    CHECK(fs::exists(net.run.path() / "a1b2c3" / "ctl"));
    net.runtime.stop("a1b2c3");
    CHECK_FALSE(base::is_alive(process));
    CHECK_FALSE(fs::exists(net.run.path() / "a1b2c3"));
    CHECK_FALSE(fs::exists(net.data.path() / "networks" / "a1b2c3"));
    CHECK_FALSE(net.runtime.find("a1b2c3"));
    net.runtime.stop("a1b2c3");  // absent is fine
    CHECK(tests::error_of([&] { net.runtime.require("a1b2c3"); }).kind() ==
          base::ErrorKind::not_found);
}

TEST_CASE("SIGTERM alone removes the switch's sockets", "[net][switch]") {
    tests::NetworkFixture net;
    const SwitchSpec spec = net.runtime.start(tests::two_machines());
    const base::ProcessId process = net.runtime.require("a1b2c3").process;
    base::stop_process(process, std::chrono::seconds(30));
    CHECK_FALSE(fs::exists(spec.control_socket));
    CHECK_FALSE(fs::exists(spec.ports[0].switch_socket));
}

TEST_CASE("a killed switch is started again with its ports, and guests go on", "[net][switch]") {
    tests::NetworkFixture net;
    const SwitchSpec spec = net.runtime.start(tests::two_machines());
    FakeGuest db(spec.ports[0]);
    FakeGuest web(spec.ports[1]);
    const std::uint16_t port =
        net.runtime.publish("a1b2c3", {.guest_ip = "10.84.0.10", .guest_port = 80});
    const base::ProcessId first = net.runtime.require("a1b2c3").process;
    REQUIRE(base::send_signal(first, SIGKILL));
    REQUIRE(base::wait_gone(first, std::chrono::seconds(30)));
    CHECK_FALSE(db.send(hello(db.end(7), web.end(7))));
    const auto dead = net.runtime.require("a1b2c3");
    CHECK_FALSE(dead.running);
    REQUIRE(dead.published.size() == 1);

    const auto adoptions = net.runtime.adopt();
    REQUIRE(adoptions.size() == 1);
    CHECK(adoptions[0].outcome == AdoptOutcome::restarted);
    const auto status = net.runtime.require("a1b2c3");
    CHECK(status.running);
    CHECK_FALSE(status.process == first);
    REQUIRE(status.published.size() == 1);
    CHECK(status.published[0].host_port == port);
    REQUIRE(db.send(hello(db.end(7), web.end(7))));
    CHECK(web.receive(says_hello));
}

TEST_CASE("another runtime adopts what the first one left", "[net][switch]") {
    tests::NetworkFixture net;
    net.runtime.start(tests::two_machines());
    const base::ProcessId process = net.runtime.require("a1b2c3").process;
    hvruntime::SwitchRuntime second({.data_dir = net.data.path(),
                                     .run_dir = net.run.path(),
                                     .executable = MUSTER_BINARY_DIR "/bin/muster"});
    const auto adoptions = second.adopt();
    REQUIRE(adoptions.size() == 1);
    CHECK(adoptions[0].outcome == AdoptOutcome::adopted);
    second.start(tests::two_machines());  // the same spec: nothing happens
    CHECK(second.require("a1b2c3").process == process);
}

TEST_CASE("a switch whose network was removed is found by its command and ended", "[net][switch]") {
    tests::NetworkFixture net;
    net.runtime.start(tests::two_machines());
    const base::ProcessId process = net.runtime.require("a1b2c3").process;
    fs::remove_all(net.data.path() / "networks" / "a1b2c3");
    const auto adoptions = net.runtime.adopt();
    REQUIRE(adoptions.size() == 1);
    CHECK(adoptions[0].outcome == AdoptOutcome::ended);
    CHECK_FALSE(base::is_alive(process));
    CHECK_FALSE(fs::exists(net.run.path() / "a1b2c3"));
}

TEST_CASE("a changed spec restarts the switch and keeps the published ports", "[net][switch]") {
    tests::NetworkFixture net;
    SwitchSpec spec = tests::two_machines();
    net.runtime.start(spec);
    const std::uint16_t port =
        net.runtime.publish("a1b2c3", {.guest_ip = "10.84.0.10", .guest_port = 80});
    const base::ProcessId first = net.runtime.require("a1b2c3").process;
    spec.hosts[1].aliases = {"www"};
    net.runtime.start(spec);
    const auto status = net.runtime.require("a1b2c3");
    CHECK_FALSE(status.process == first);
    CHECK(status.spec.hosts[1].aliases == std::vector<std::string>{"www"});
    REQUIRE(status.published.size() == 1);
    CHECK(status.published[0].host_port == port);
}

TEST_CASE("a second switch for the same network refuses to run", "[net][switch]") {
    tests::NetworkFixture net;
    net.runtime.start(tests::two_machines());
    base::Command command;
    command.argv = {MUSTER_BINARY_DIR "/bin/muster", "switch",
                    (net.data.path() / "networks" / "a1b2c3" / "spec.json").string()};
    const base::RunResult result = base::run(command);
    CHECK(result.status == 7);
    CHECK_THAT(result.err, Catch::Matchers::Contains("runs already"));
}

TEST_CASE("a switch that cannot start leaves nothing", "[net][switch]") {
    tests::NetworkFixture net;
    SwitchSpec spec = tests::two_machines();
    spec.ports[0].switch_socket = "/nonexistent/folder/x.s";
    const auto error = tests::error_of([&] { net.runtime.start(spec); });
    CHECK(error.kind() == base::ErrorKind::external);
    CHECK_FALSE(fs::exists(net.data.path() / "networks" / "a1b2c3"));
    CHECK_FALSE(fs::exists(net.run.path() / "a1b2c3"));
}
