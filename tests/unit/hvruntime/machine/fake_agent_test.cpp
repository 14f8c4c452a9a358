// SPDX-License-Identifier: Apache-2.0
// The fake QEMU's guest behaves towards the real host side of the channel.
#include "hvruntime/guest/guest_channels.h"
#include "tests/support/catch.h"
#include "tests/support/machine_fixture.h"

using tests::MachineFixture;
using namespace std::chrono_literals;  // NOLINT: a test file

TEST_CASE("the fake guest becomes ready, takes keys and survives a new host",
          "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    fixture.order("ready-after=50 set=color=red");
    const hvruntime::MachineSpec spec = tests::small_machine("db");
    fixture.runtime->create(spec);
    fixture.runtime->start(spec.id);
    const std::string socket = fixture.runtime->paths(spec.id).guest_socket().string();
    hvruntime::NoKeyStore store;
    for (int round = 0; round < 2; ++round) {
        hvruntime::GuestChannels channels(store);
        channels.attach(spec.id, socket);
        CHECK(channels.wait(spec.id, "app.ready", std::nullopt, 20s).value == "1");
        CHECK(channels.wait(spec.id, "color", std::nullopt, 20s).value == "red");
        channels.set(spec.id, "title", "Hello");
        CHECK_NOTHROW(channels.wait_settled(spec.id, 20s));
    }
}

TEST_CASE("a fake guest that is told so never becomes ready", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const bool silent = GENERATE(false, true);
    fixture.order(silent ? "no-agent" : "never-ready");
    const hvruntime::MachineSpec spec = tests::small_machine("db");
    fixture.runtime->create(spec);
    fixture.runtime->start(spec.id);
    hvruntime::NoKeyStore store;
    hvruntime::GuestChannels channels(store);
    channels.attach(spec.id, fixture.runtime->paths(spec.id).guest_socket().string());
    CHECK(tests::error_of([&] {
              channels.wait(spec.id, "app.ready", std::nullopt, 300ms);
          }).kind() == base::ErrorKind::timeout);
    if (!silent) {
        fixture.order("");
        CHECK(channels.wait(spec.id, "app.ready", std::nullopt, 20s).value == "1");
    }
}
