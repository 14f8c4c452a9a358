// SPDX-License-Identifier: Apache-2.0
// Guests with the kernel's own TCP/IP and busybox's DHCP client, resolver and HTTP server, on real
// switch processes. Needs user namespaces, iproute2 and busybox.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <csignal>
#include <fstream>
#include <optional>

#include <fmt/format.h>

#include "base/http_client.h"
#include "base/process.h"
#include "hvruntime/net/packet/address.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/network_fixture.h"
#include "tests/support/skip.h"

namespace fs = std::filesystem;
using hvruntime::SwitchPort;
using hvruntime::SwitchSpec;
using hvruntime::TcpPortState;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr const char* kGuest = MUSTER_BINARY_DIR "/bin/namespace_guest";

base::Command guest_command(const SwitchPort& port, const std::string& script) {
    base::Command command;
    command.argv = {kGuest, port.switch_socket, port.machine_socket, port.mac, "sh", "-ec", script};
    command.timeout = seconds(200);
    return command;
}

bool possible() {
    base::Command command;
    command.argv = {"unshare", "-Urn", "ip", "link", "add", "v0", "type", "veth"};
    const bool works = base::find_program("ip") && base::find_program("busybox") &&
                       base::find_program("unshare") && base::run(command).status == 0;
    if (!works) {
        tests::skip("there are no user and network namespaces, ip or busybox");
    }
    return works;
}

// What busybox's udhcpc calls with each event: configures eth0, keeps what it was told.
std::string lease_by_dhcp(const fs::path& dir) {
    const fs::path script = dir / "udhcpc.sh";
    std::ofstream(script) << "#!/bin/sh\n"
                             "[ \"$1\" = bound ] || exit 0\n"
                             "ip addr add \"$ip/$mask\" dev eth0\n"
                             "ip link set eth0 mtu \"$mtu\"\n"
                             "[ -z \"$router\" ] || ip route add default via \"$router\"\n"
                             "echo \"$ip/$mask router=$router dns=$dns host=$hostname "
                             "domain=$domain search=$search mtu=$mtu\" > " +
                                 (dir / "lease").string() + "\n";
    fs::permissions(script, fs::perms::owner_all);
    return fmt::format("busybox udhcpc -i eth0 -n -q -f -t 60 -T 1 -O search -O mtu -s {} >&2; ",
                       script.string());
}

// Plain HTTP by bash, since busybox-static's wget and nc crash in getaddrinfo.
std::string fetch_command(const std::string& host, std::uint16_t port, const std::string& path) {
    return fmt::format(
        "timeout 60 bash -c 'exec 3<>/dev/tcp/{}/{} && printf \"GET {} HTTP/1.0\\r\\n\\r\\n\" >&3 "
        "&& "
        "cat <&3'",
        host, port, path);
}

std::string address_of(const SwitchPort& port) {
    return fmt::format("ip addr add {}/24 dev eth0; ", port.ip);
}

// A guest that serves "hello" on port 80 until the test ends.
struct WebGuest {
    base::TempDir dir;
    base::Process process;
    explicit WebGuest(const SwitchPort& port, const std::string& setup = "")
        : process(command(port, dir.path(), setup)) {}

    static base::Command command(const SwitchPort& port, const fs::path& dir,
                                 const std::string& setup) {
        std::ofstream(dir / "index.html") << "hello from " << port.machine_id << "\n";
        std::ofstream(dir / "large") << std::string(3U << 20U, 'x');
        return guest_command(port,
                             address_of(port) + setup +
                                 fmt::format("exec busybox httpd -f -p 80 -h {}", dir.string()));
    }
};

void wait_open(tests::NetworkFixture& net, const std::string& ip) {
    REQUIRE(tests::eventually(
        [&] { return net.runtime.probe_tcp("a1b2c3", ip, 80, seconds(1)) == TcpPortState::open; },
        seconds(60)));
}

std::string get(std::uint16_t port, const std::string& path = "/") {
    base::HttpRequest request;
    request.url = fmt::format("http://127.0.0.1:{}{}", port, path);
    request.timeout = seconds(60);
    return base::http_call(request).body;
}

// An address of this host that is not loopback; empty: it has none.
std::string outer_address() {
    ifaddrs* list = nullptr;
    ::getifaddrs(&list);
    std::string found;
    for (const ifaddrs* entry = list; entry != nullptr && found.empty(); entry = entry->ifa_next) {
        if (entry->ifa_addr != nullptr && entry->ifa_addr->sa_family == AF_INET) {
            // SAFETY: the family says that it is a sockaddr_in.
            const auto* address = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
            const std::uint32_t ip = ntohl(address->sin_addr.s_addr);
            if (ip >> 24U != 127 && ip >> 16U != 0xa9fe && ip >> 16U != 0x0a54) {
                found = hvruntime::net::to_string(hvruntime::net::Ipv4Address{ip});
            }
        }
    }
    ::freeifaddrs(list);
    return found;
}

// Nobody listens on it now.
std::uint16_t free_port() {
    const base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof address;
    // SAFETY: the sockets API asks for sockaddr and reads it by its family.
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(fd.get(), generic, size) == 0);
    REQUIRE(::getsockname(fd.get(), generic, &size) == 0);
    return ntohs(address.sin_port);
}

// A web server of this host, on every address, that answers.
struct OutsideServer {
    base::TempDir dir;
    std::uint16_t port = 0;
    std::optional<base::Process> process;

    OutsideServer() {
        std::ofstream(dir.path() / "index.html") << "outside\n";
        // Somebody else may take the port first: then the program ends, and another port is tried.
        for (int tries = 0; tries < 10; ++tries) {
            port = free_port();
            base::Command command;
            command.argv = {"busybox", "httpd", "-f", "-p", std::to_string(port), "-h", dir.path()};
            process.emplace(command);
            bool ended = false;
            tests::eventually([&] {
                ended = process->wait(milliseconds(0)).has_value();
                return ended || answers();
            });
            if (!ended) {
                return;
            }
        }
        FAIL("the web server does not start");
    }
    bool answers() const {
        try {
            return get(port) == "outside\n";
        } catch (const base::Error&) {
            return false;
        }
    }
};

}  // namespace

TEST_CASE("a guest gets its lease and resolves names", "[net][kernel-guest]") {
    if (!possible()) {
        return;
    }
    tests::NetworkFixture net;
    SwitchSpec wanted = tests::two_machines();
    wanted.mtu = 1400;
    const SwitchSpec spec = net.runtime.start(wanted);
    const base::TempDir dir;
    const auto result = base::run(
        guest_command(spec.ports[0], lease_by_dhcp(dir.path()) +
                                         "busybox ping -c 1 -w 60 10.84.0.3 >&2\n"
                                         "busybox nslookup -type=a web.guestbook 10.84.0.3\n"
                                         "ip route show default"));
    INFO(result.err);
    REQUIRE(result.status == 0);
    CHECK(base::read_file(dir.path() / "lease") ==
          "10.84.0.10/24 router=10.84.0.1 dns=10.84.0.3 host=db domain=shop1 "
          "search=shop1 guestbook mtu=1400\n");
    CHECK_THAT(result.out, Catch::Matchers::Contains("Address: 10.84.0.11"));
    CHECK_THAT(result.out, Catch::Matchers::Contains("default via 10.84.0.1"));
}

TEST_CASE("two guests talk, and a published port reaches one of them", "[net][kernel-guest]") {
    if (!possible()) {
        return;
    }
    const bool isolated = GENERATE(false, true);
    tests::NetworkFixture net;
    SwitchSpec wanted = tests::two_machines();
    wanted.isolated = isolated;
    const SwitchSpec spec = net.runtime.start(wanted);
    const WebGuest web(spec.ports[1]);
    wait_open(net, "10.84.0.11");
    CHECK(net.runtime.probe_tcp("a1b2c3", "10.84.0.11", 81, seconds(60)) == TcpPortState::closed);

    const auto fetched = base::run(guest_command(
        spec.ports[0], address_of(spec.ports[0]) + fetch_command("10.84.0.11", 80, "/") +
                           " | tail -n 1\n" + fetch_command("10.84.0.11", 80, "/large") +
                           " | sed '1,/^\\r$/d' | wc -c"));
    INFO(fetched.err);
    CHECK(fetched.out == "hello from m-web\n3145728\n");

    const std::uint16_t port =
        net.runtime.publish("a1b2c3", {.guest_ip = "10.84.0.11", .guest_port = 80});
    CHECK(get(port) == "hello from m-web\n");
    CHECK(get(port, "/large").size() == 3U << 20U);
    const auto probe = net.runtime.http_get_through("a1b2c3", "10.84.0.11", 80, "/", seconds(60));
    CHECK(probe.status == 200);
    CHECK(net.runtime.require("a1b2c3").published.size() == 1);

    // The guest's program goes on while its switch dies and comes back.
    REQUIRE(base::send_signal(net.runtime.require("a1b2c3").process, SIGKILL));
    REQUIRE(tests::eventually([&] { return !net.runtime.require("a1b2c3").running; }));
    REQUIRE(net.runtime.adopt().at(0).outcome == hvruntime::AdoptOutcome::restarted);
    CHECK(get(port) == "hello from m-web\n");
    net.runtime.unpublish("a1b2c3", "127.0.0.1", port);
    CHECK_THROWS_AS(get(port), base::Error);
}

TEST_CASE("the way out leads to other hosts, not to this one's loopback; isolated: nowhere",
          "[net][kernel-guest]") {
    if (!possible()) {
        return;
    }
    const std::string outer = outer_address();
    if (outer.empty()) {
        tests::skip("this host has no address besides loopback");
        return;
    }
    const bool isolated = GENERATE(false, true);
    const OutsideServer server;
    tests::NetworkFixture net;
    SwitchSpec wanted = tests::two_machines();
    wanted.isolated = isolated;
    const SwitchSpec spec = net.runtime.start(wanted);
    const auto fetch = [&](const std::string& host) {
        const std::string script =
            address_of(spec.ports[0]) + "ip route add default via 10.84.0.1\n" +
            fetch_command(host, server.port, "/") + " | tail -n 1 | grep outside || echo no";
        return base::run(guest_command(spec.ports[0], script)).out;
    };
    CHECK(fetch(outer) == (isolated ? "no\n" : "outside\n"));
    CHECK(fetch("10.84.0.1") == "no\n");
}
