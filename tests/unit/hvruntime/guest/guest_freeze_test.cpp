// SPDX-License-Identifier: Apache-2.0
// File systems of a guest that stand still when the host asks.
#include "base/file.h"
#include "hvruntime/guest/guest_channels.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/unit/hvruntime/guest/simulated_guest.h"

namespace {

using namespace hvruntime;
using namespace std::chrono_literals;
using base::ErrorKind;
using tests::SimulatedGuest;

constexpr auto kFreezePatience = 20s;

struct FreezeFixture {
    base::TempDir dir;
    NoKeyStore store;
    std::string path = dir.path() / "guest.sock";
    SimulatedGuest guest{path};
    GuestChannels channels{store};

    void connect() {
        channels.attach("m", path);
        REQUIRE(tests::eventually([&] { return channels.state("m").connected; }));
    }
    base::Error failure(std::chrono::milliseconds limit = kFreezePatience) {
        return tests::error_of([&] { channels.freeze("m", 10s, limit); });
    }
};

TEST_CASE_METHOD(FreezeFixture, "a guest stands still from its answer to the thaw",
                 "[hvruntime][guest]") {
    CHECK(channels.why_not_freeze("m") == "its guest agent is not connected");
    CHECK(failure().kind() == ErrorKind::unsupported);
    connect();
    CHECK(channels.why_not_freeze("m").empty());
    CHECK(channels.state("m").can_freeze);
    guest.answer_freeze(FreezeNote{.step = FreezeStep::frozen, .count = 3},
                        FreezeNote{.step = FreezeStep::thawed, .count = 3});
    const FrozenGuest frozen = channels.freeze("m", 10s, kFreezePatience);
    CHECK(frozen.file_systems == 3);
    CHECK(channels.thaw("m", frozen.id, kFreezePatience));
    CHECK(guest.freeze_notes() == "freeze 10000; thaw; ");
    // Again, with an answer that is too late to count.
    guest.answer_freeze(FreezeNote{.step = FreezeStep::frozen, .count = 1},
                        FreezeNote{.step = FreezeStep::thawed, .count = 1, .late = true});
    const FrozenGuest again = channels.freeze("m", 10s, kFreezePatience);
    CHECK(again.id != frozen.id);
    CHECK_FALSE(channels.thaw("m", again.id, kFreezePatience));
    CHECK_FALSE(channels.thaw("m", frozen.id, kFreezePatience));
    // Keys pass as before.
    channels.set("m", "key", "value");
    channels.wait_settled("m", kFreezePatience);
    CHECK(guest.value("key") == "value");
}

TEST_CASE_METHOD(FreezeFixture, "a guest that does not stand still is an error",
                 "[hvruntime][guest]") {
    connect();
    guest.answer_freeze(FreezeNote{.step = FreezeStep::frozen, .error = "freezing '/srv': no"}, {});
    const base::Error refused = failure();
    CHECK(refused.kind() == ErrorKind::external);
    CHECK(refused.message() == "its guest agent says: freezing '/srv': no");
    // One that is silent is told to thaw, should it freeze later.
    guest.answer_freeze({}, {});
    CHECK(failure(100ms).kind() == ErrorKind::timeout);
    CHECK(
        tests::eventually([&] { return guest.freeze_notes().ends_with("freeze 10000; thaw; "); }));
    // Gone in between: nobody knows how long it stood still.
    guest.answer_freeze(FreezeNote{.step = FreezeStep::frozen, .count = 1}, {});
    const FrozenGuest frozen = channels.freeze("m", 10s, kFreezePatience);
    guest.stop_machine();
    CHECK_FALSE(channels.thaw("m", frozen.id, kFreezePatience));
    CHECK(failure().kind() == ErrorKind::unsupported);
}

}  // namespace
