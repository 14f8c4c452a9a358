// SPDX-License-Identifier: Apache-2.0
// A real switch with guests on its sockets; nothing of QEMU.
#include "deployer/jobs/readiness.h"

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/tcp_guest.h"
#include "tests/unit/deployer/jobs/services_fixture.h"
#include "tests/unit/hvruntime/guest/simulated_guest.h"

namespace {

struct Running : tests::ServicesFixture {
    hvruntime::SwitchSpec network =
        net.runtime.start(tests::two_machines(deployer::network_id_of("shop1", "back")));
    deployer::Deployment deployment{.name = "shop1"};

    static deployer::PlannedMachine db(const std::string& kind, const std::string& target) {
        deployer::PlannedMachine machine{.name = "db"};
        machine.nics.push_back({.network = "back", .address = "10.84.0.10"});
        machine.ready.kind = kind;
        machine.ready.target = target;
        return machine;
    }
    bool ready(const std::string& kind, const std::string& target) {
        return is_ready(services, deployment, db(kind, target));
    }
};

}  // namespace

TEST_CASE("a machine is ready when its port answers, or its page", "[deployer][readiness]") {
    Running running;
    CHECK_FALSE(running.ready("tcp", "80"));  // there is nobody
    CHECK_FALSE(running.ready("http", ":80/"));
    const tests::TcpGuest guest(running.network.ports[0]);
    CHECK(tests::eventually([&] { return running.ready("tcp", "80"); }));
    CHECK(tests::eventually([&] { return running.ready("http", ":80/health"); }));
    CHECK(tests::eventually([&] { return running.ready("http", "80"); }));
    CHECK_FALSE(running.ready("tcp", "81"));
    CHECK_FALSE(running.ready("http", ":81/health"));
}

TEST_CASE("a machine is ready when its guest has set a key, not when the host has",
          "[deployer][readiness]") {
    Running running;
    const std::string id = deployer::machine_id_of("shop1", "db");
    const std::string socket = running.dir.path() / "guest.sock";
    tests::SimulatedGuest guest(socket);
    CHECK_FALSE(running.ready("guest", ""));
    running.channels.attach(id, socket);
    CHECK(tests::eventually([&] { return running.ready("guest", ""); }));
    running.channels.set(id, "app.ready", "1");
    running.channels.wait_settled(id, std::chrono::seconds(20));
    CHECK_FALSE(running.ready("key", "app.ready"));
    guest.set({{.key = "app.ready", .value = "1"}});
    CHECK(tests::eventually([&] { return running.ready("key", "app.ready"); }));
}

TEST_CASE("what cannot be asked is an error, not a wait", "[deployer][readiness]") {
    Running running;
    CHECK(running.ready("none", ""));
    for (const char* target : {"", "http", ":0/", ":80x", "70000"}) {
        CHECK(tests::error_of([&] { running.ready("tcp", target); }).kind() ==
              base::ErrorKind::invalid_input);
    }
    deployer::PlannedMachine alone = Running::db("tcp", "80");
    alone.nics.clear();
    const auto error =
        tests::error_of([&] { is_ready(running.services, running.deployment, alone); });
    CHECK(error.message() == "machine 'db' has no network to be asked over");
}
