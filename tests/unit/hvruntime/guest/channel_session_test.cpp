// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/channel_session.h"

#include "tests/support/catch.h"

namespace {

using namespace hvruntime;

// Both ends without anything between but what the test does with the bytes.
struct Ends {
    ChannelSession host{{.side = Side::host, .version = "1", .boot = ""}};
    ChannelSession guest{{.side = Side::guest, .version = "1", .boot = "boot"}};

    static std::string take(ChannelSession& from) {
        std::string bytes(from.output());
        from.consume_output(bytes.size());
        return bytes;
    }
    // Carries bytes both ways until nothing moves; each end answers an opening by an empty snapshot
    // and acknowledges what it gets.
    std::vector<Received> pump() {
        std::vector<Received> all;
        for (bool moved = true; moved;) {
            moved = false;
            for (auto [from, to] : {std::pair{&host, &guest}, std::pair{&guest, &host}}) {
                const std::string bytes = take(*from);
                moved = moved || !bytes.empty();
                for (Received& thing : to->receive(bytes)) {
                    answer(*to, thing);
                    all.push_back(std::move(thing));
                }
            }
        }
        return all;
    }
    static void answer(ChannelSession& end, const Received& thing) {
        if (std::holds_alternative<SessionOpened>(thing)) {
            end.send_snapshot({});
        } else if (const auto* keys = std::get_if<KeysReceived>(&thing)) {
            end.acknowledge(keys->ticket);
        } else if (const auto* event = std::get_if<EventReceived>(&thing)) {
            end.acknowledge(event->ticket);
        } else {
            end.acknowledge(std::get<AckDue>(thing).ticket);
        }
    }
};

const std::vector<RemoteKey> kOneKey{{.key = "k", .version = {.value = "v", .revision = 1}}};

TEST_CASE("a session opens whoever comes first", "[hvruntime][guest]") {
    Ends ends;
    SECTION("the host") {
        ends.host.begin();
        ends.guest.knock();
    }
    SECTION("the guest, whose knock waits") {
        ends.guest.knock();
        ends.host.begin();
    }
    SECTION("the host, and the guest does not knock") {
        ends.guest.begin();
        ends.host.begin();
    }
    SECTION("the guest, whose knock is lost") {
        ends.guest.knock();
        Ends::take(ends.guest);
        ends.host.begin();
    }
    ends.pump();
    CHECK(ends.host.open());
    CHECK(ends.guest.open());
    CHECK(ends.host.settled());
    CHECK(ends.guest.settled());
}

TEST_CASE("half a line of an older session does not hurt", "[hvruntime][guest]") {
    Ends ends;
    ends.host.begin();
    ends.guest.knock();
    CHECK(ends.host
              .receive(R"({"type":"set","seq":4,"rev":1,"set":{"a":"b"}})"
                       "\n"
                       R"({"type":"set","seq":5,"rev":1,"set":{"a":)")
              .empty());
    CHECK(ends.guest.receive("garbage\n\xff\xfe{{{").empty());
    ends.pump();
    CHECK(ends.host.open());
    CHECK(ends.host.fault().empty());
    CHECK(ends.guest.open());
}

TEST_CASE("an answer to an older hello is not taken for the new one", "[hvruntime][guest]") {
    Ends ends;
    ends.host.begin();
    ends.guest.knock();
    ends.guest.receive(Ends::take(ends.host));
    const std::string late = Ends::take(ends.guest);
    ends.host.begin();  // the connection was cut and made again
    CHECK(ends.host.receive(late).empty());
    CHECK_FALSE(ends.host.open());
    ends.pump();
    CHECK(ends.host.open());
}

TEST_CASE("keys, events and pings are acknowledged in their turn", "[hvruntime][guest]") {
    Ends ends;
    ends.host.begin();
    ends.guest.knock();
    ends.pump();
    ends.host.send_keys(kOneKey);
    CHECK_FALSE(ends.host.settled());
    ends.host.send_ping();
    ends.guest.send_event({.id = 1, .boot = "", .text = "hello", .unix_ms = 5});
    const auto things = ends.pump();
    REQUIRE(things.size() == 3);
    CHECK(std::get<KeysReceived>(things[0]).keys.at(0).key == "k");
    CHECK(std::get<EventReceived>(things[2]).event.text == "hello");
    CHECK(ends.host.settled());
    CHECK(ends.guest.settled());
}

TEST_CASE("a lost message is noticed by its number", "[hvruntime][guest]") {
    Ends ends;
    ends.host.begin();
    ends.guest.knock();
    ends.pump();
    ends.host.send_keys(kOneKey);
    const std::string lost = Ends::take(ends.host);
    ends.host.send_keys(kOneKey);
    ends.guest.receive(Ends::take(ends.host));
    CHECK_FALSE(ends.guest.fault().empty());
    // The guest knocks, a new session brings everything in step again.
    ends.guest.knock();
    ends.pump();
    CHECK(ends.guest.open());
    CHECK(ends.guest.fault().empty());
    CHECK(ends.host.settled());
}

TEST_CASE("an acknowledgement of what was never sent ends the session", "[hvruntime][guest]") {
    Ends ends;
    ends.host.begin();
    ends.guest.knock();
    ends.pump();
    ends.host.receive("{\"type\":\"ack\",\"seq\":99,\"sent\":1}\n");
    CHECK_FALSE(ends.host.fault().empty());
}

TEST_CASE("an acknowledgement for an older session is not sent in the new one",
          "[hvruntime][guest]") {
    Ends ends;
    ends.host.begin();
    ends.guest.knock();
    ends.pump();
    ends.host.send_keys(kOneKey);
    const auto things = ends.guest.receive(Ends::take(ends.host));
    REQUIRE(things.size() == 1);
    ends.host.begin();
    ends.guest.receive(Ends::take(ends.host));
    Ends::take(ends.guest);
    ends.guest.acknowledge(std::get<KeysReceived>(things[0]).ticket);
    CHECK(ends.guest.output().empty());
}

TEST_CASE("a batch in parts is handed over as one", "[hvruntime][guest]") {
    Ends ends;
    ends.host.begin();
    ends.guest.knock();
    ends.pump();
    std::vector<RemoteKey> keys;
    for (int i = 0; i < 40; ++i) {
        keys.push_back({.key = "k" + std::to_string(i),
                        .version = {.value = std::string(kMaxValueBytes, 'x'), .revision = 1}});
    }
    ends.host.send_keys(keys);
    const auto things = ends.pump();
    REQUIRE(things.size() == 1);
    CHECK(std::get<KeysReceived>(things[0]).keys.size() == 40);
    CHECK(ends.host.settled());
}

TEST_CASE("a batch without end is cut off", "[hvruntime][guest]") {
    Ends ends;
    ends.host.begin();
    ends.guest.knock();
    ends.pump();
    std::uint64_t seq = 1;  // the snapshot was 1
    std::size_t sent = 0;
    while (ends.host.fault().empty() && sent < (64U << 20U)) {
        const KeysMessage message{
            .seq = ++seq,
            .more = true,
            .keys = {{.key = "k", .version = {.value = std::string(60'000, 'x'), .revision = 1}}}};
        const std::string line = to_line(message);
        sent += line.size();
        ends.host.receive(line);
    }
    CHECK_FALSE(ends.host.fault().empty());
    CHECK(sent < (12U << 20U));
}

TEST_CASE("a hello of a protocol that never was is refused", "[hvruntime][guest]") {
    Ends ends;
    ends.host.begin();
    ends.host.receive("{\"type\":\"hello\",\"protocol\":0,\"side\":\"guest\",\"session\":\"x\"}\n");
    CHECK(ends.host.fault().find("protocol 0") != std::string::npos);
    ends.host.begin();
    ends.guest.knock();
    ends.pump();
    CHECK(ends.host.open());
}

}  // namespace
