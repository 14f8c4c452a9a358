// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/key_table.h"

#include <deque>
#include <random>

#include "tests/support/catch.h"

namespace {

using namespace hvruntime;

std::vector<RemoteKey> set(KeyTable& table, std::vector<KeyWrite> writes) {
    return table.apply(table.plan_set(writes)).to_send;
}

std::vector<RemoteKey> receive(KeyTable& table, const std::vector<RemoteKey>& keys) {
    return table.apply(table.plan_remote(keys)).to_send;
}

std::string value_of(const KeyTable& table, const std::string& key) {
    const auto entry = table.find(key);
    return entry ? entry->value : "(none)";
}

TEST_CASE("who has seen a value and sets another one wins", "[hvruntime][guest]") {
    KeyTable host(Side::host);
    KeyTable guest(Side::guest);
    receive(guest, set(host, {{.key = "k", .value = "from host"}}));
    receive(host, set(guest, {{.key = "k", .value = "from guest"}}));
    CHECK(value_of(host, "k") == "from guest");
    CHECK(value_of(guest, "k") == "from guest");
    receive(guest, set(host, {{.key = "k", .value = "host again"}}));
    CHECK(value_of(host, "k") == "host again");
    CHECK(value_of(guest, "k") == "host again");
}

TEST_CASE("two values set at the same time end as the host's on both sides", "[hvruntime][guest]") {
    KeyTable host(Side::host);
    KeyTable guest(Side::guest);
    const auto from_host = set(host, {{.key = "k", .value = "H"}});
    const auto from_guest = set(guest, {{.key = "k", .value = "G"}});
    receive(host, from_guest);
    receive(guest, from_host);
    CHECK(value_of(host, "k") == "H");
    CHECK(value_of(guest, "k") == "H");
}

TEST_CASE("the host's value shows again when the guest's boot ends", "[hvruntime][guest]") {
    KeyTable host(Side::host);
    KeyTable guest(Side::guest);
    receive(guest, set(host, {{.key = "title", .value = "configured"}}));
    receive(host,
            set(guest, {{.key = "title", .value = "edited"}, {.key = "app.ready", .value = "1"}}));
    CHECK(value_of(host, "title") == "edited");
    const auto applied = host.apply(host.plan_remote_snapshot({}));
    CHECK(value_of(host, "title") == "configured");
    CHECK_FALSE(host.find("app.ready"));
    REQUIRE(applied.visible.size() == 2);
    CHECK(applied.visible[0].key == "app.ready");
    CHECK(applied.visible[0].deleted);
}

TEST_CASE("a side can delete the other's value, until it is set again", "[hvruntime][guest]") {
    KeyTable host(Side::host);
    KeyTable guest(Side::guest);
    receive(guest, set(host, {{.key = "k", .value = "v"}}));
    receive(host, set(guest, {{.key = "k"}}));
    CHECK_FALSE(host.find("k"));
    CHECK(host.list().empty());
    receive(guest, set(host, {{.key = "k", .value = "v"}}));
    CHECK(value_of(guest, "k") == "v");
    CHECK(value_of(host, "k") == "v");
}

TEST_CASE("a deletion goes when there is nothing left to hide", "[hvruntime][guest]") {
    KeyTable host(Side::host);
    KeyTable guest(Side::guest);
    receive(host, set(guest, {{.key = "k", .value = "v"}}));
    receive(guest, set(host, {{.key = "k"}}));
    CHECK_FALSE(guest.find("k"));
    // The guest forgets its value: the host's deletion goes too, and the guest hears of it.
    const auto news = receive(host, set(guest, {{.key = "k"}}));
    REQUIRE(news.size() == 1);
    CHECK(news[0].forgotten);
    CHECK(host.records().empty());
    receive(guest, news);
    CHECK(guest.records().empty());
}

TEST_CASE("a batch has one revision and writes that change nothing are left out",
          "[hvruntime][guest]") {
    KeyTable host(Side::host);
    const auto sent = set(
        host, {{.key = "a", .value = "1"}, {.key = "b", .value = "2"}, {.key = "a", .value = "3"}});
    REQUIRE(sent.size() == 2);
    CHECK(sent[0].version.revision == sent[1].version.revision);
    CHECK(value_of(host, "a") == "3");
    CHECK(set(host, {{.key = "a", .value = "3"}, {.key = "none"}}).empty());
}

TEST_CASE("a secret key stays secret whoever sets it", "[hvruntime][guest]") {
    KeyTable host(Side::host);
    KeyTable guest(Side::guest);
    receive(guest, set(host, {{.key = "p", .value = "1", .secret = true}}));
    set(guest, {{.key = "p", .value = "2"}});
    CHECK(guest.find("p")->secret);
}

TEST_CASE("past the limits nothing is set", "[hvruntime][guest]") {
    KeyTable host(Side::host);
    std::vector<KeyWrite> writes;
    for (std::size_t i = 0; i <= kMaxKeysPerSide; ++i) {
        writes.push_back({.key = "key." + std::to_string(i), .value = "v"});
    }
    CHECK(tests::error_of([&] { host.plan_set(writes); }).kind() == base::ErrorKind::conflict);
    writes.pop_back();
    set(host, writes);
    CHECK(host.list().size() == kMaxKeysPerSide);
    const std::vector<KeyWrite> one{{.key = "one.more", .value = "v"}};
    CHECK(tests::error_of([&] { host.plan_set(one); }).kind() == base::ErrorKind::conflict);
    // Changing one that is there, or the other side's as many again, is fine.
    set(host, {{.key = "key.0", .value = "w"}});
    std::vector<RemoteKey> remote;
    for (const KeyWrite& write : writes) {
        remote.push_back({.key = "r." + write.key, .version = {.value = "v", .revision = 1}});
    }
    receive(host, remote);
    CHECK(host.list().size() == 2 * kMaxKeysPerSide);
    remote.push_back({.key = "too.many", .version = {.value = "v", .revision = 1}});
    CHECK(tests::error_of([&] { host.plan_remote(remote); }).kind() ==
          base::ErrorKind::invalid_input);

    KeyTable big(Side::host);
    std::vector<KeyWrite> large;
    for (int i = 0; i < 129; ++i) {
        large.push_back({.key = std::to_string(i), .value = std::string(kMaxValueBytes, 'x')});
    }
    CHECK(tests::error_of([&] { big.plan_set(large); }).kind() == base::ErrorKind::conflict);
}

TEST_CASE("a revision out of range is refused", "[hvruntime][guest]") {
    const KeyTable host(Side::host);
    const std::vector<RemoteKey> keys{{.key = "k", .version = {.value = "v", .revision = ~0ULL}}};
    CHECK(tests::error_of([&] { host.plan_remote(keys); }).kind() ==
          base::ErrorKind::invalid_input);
}

// Two tables, a channel each way that delivers late, and now and then a cut with new snapshots.
struct Pair {
    KeyTable host{Side::host};
    KeyTable guest{Side::guest};
    struct Sent {
        bool snapshot = false;
        std::vector<RemoteKey> keys;
    };
    std::deque<Sent> to_guest;
    std::deque<Sent> to_host;

    std::deque<Sent>& towards(Side side) { return side == Side::host ? to_host : to_guest; }
    KeyTable& table(Side side) { return side == Side::host ? host : guest; }

    void deliver(Side side) {
        if (towards(side).empty()) {
            return;
        }
        const Sent sent = towards(side).front();
        towards(side).pop_front();
        KeyTable& to = table(side);
        auto back = to.apply(sent.snapshot ? to.plan_remote_snapshot(sent.keys)
                                           : to.plan_remote(sent.keys));
        if (!back.to_send.empty()) {
            towards(other_side(side)).push_back({false, back.to_send});
        }
    }
    void cut() {
        to_guest.clear();
        to_host.clear();
        to_guest.push_back({true, host.own_snapshot()});
        to_host.push_back({true, guest.own_snapshot()});
    }
    void settle() {
        while (!to_guest.empty() || !to_host.empty()) {
            deliver(Side::guest);
            deliver(Side::host);
        }
    }
};

TEST_CASE("whatever is set, deleted, delayed and cut off, both sides end with the same",
          "[hvruntime][guest]") {
    std::mt19937 random(20261120);
    for (int round = 0; round < 300; ++round) {
        Pair pair;
        pair.cut();
        for (int step = 0; step < 120; ++step) {
            const Side side = random() % 2 == 0 ? Side::host : Side::guest;
            switch (random() % 8) {
                case 0:
                    if (random() % 8 == 0) {
                        pair.cut();
                    }
                    break;
                case 1:
                case 2:
                case 3: pair.deliver(side); break;
                case 4:
                    if (random() % 16 == 0) {  // the guest boots anew
                        pair.guest = KeyTable(Side::guest);
                        pair.cut();
                    }
                    break;
                default: {
                    KeyWrite write{.key = std::string(1, static_cast<char>('a' + random() % 3))};
                    if (random() % 3 != 0) {
                        write.value = std::to_string(step);
                    }
                    auto news = set(pair.table(side), {write});
                    if (!news.empty()) {
                        pair.towards(other_side(side)).push_back({false, news});
                    }
                }
            }
        }
        pair.settle();
        REQUIRE(pair.host.records() == pair.guest.records());
        // And what a restart reads back from a store is the same table.
        const KeyTable again(Side::host, pair.host.records());
        REQUIRE(again.records() == pair.host.records());
    }
}

}  // namespace
