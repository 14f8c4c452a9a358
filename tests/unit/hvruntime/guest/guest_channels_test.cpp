// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/guest_channels.h"

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/unit/hvruntime/guest/simulated_guest.h"

namespace {

using namespace hvruntime;
using namespace std::chrono_literals;
using tests::SimulatedGuest;

constexpr auto kPatience = 20s;

// Keeps records as a database would; can be told to fail.
class MemoryStore : public KeyStore {
  public:
    std::vector<KeyRecord> load(const std::string& machine) override {
        const std::lock_guard lock(mutex_);
        std::vector<KeyRecord> out;
        for (const auto& [key, text] : records_[machine]) {
            out.push_back(parse_key_record(key, text));
        }
        return out;
    }
    void save(const std::string& machine, std::span<const KeyRecord> records) override {
        const std::lock_guard lock(mutex_);
        ++saves_;
        if (failing_) {
            throw base::Error(base::ErrorKind::environment, "the disk is full");
        }
        for (const KeyRecord& record : records) {
            if (record.host || record.guest) {
                records_[machine][record.key] = to_json_text(record);
            } else {
                records_[machine].erase(record.key);
            }
        }
    }
    void remove_all(const std::string& machine) override {
        const std::lock_guard lock(mutex_);
        records_.erase(machine);
    }
    void set_failing(bool failing) {
        const std::lock_guard lock(mutex_);
        failing_ = failing;
    }
    int saves() {
        const std::lock_guard lock(mutex_);
        return saves_;
    }
    std::size_t size(const std::string& machine) {
        const std::lock_guard lock(mutex_);
        return records_[machine].size();
    }

  private:
    std::mutex mutex_;
    std::map<std::string, std::map<std::string, std::string>> records_;
    bool failing_ = false;
    int saves_ = 0;
};

const GuestChannelTimes kQuick{.retry_first = 5ms, .retry_most = 40ms, .ping_every = 15s};

struct Fixture {
    base::TempDir dir;
    MemoryStore store;
    std::string path = dir.path() / "guest.sock";

    std::string value(GuestChannels& channels, const std::string& key) {
        const auto entry = channels.get("m", key);
        return entry ? entry->value : "(none)";
    }
};

TEST_CASE_METHOD(Fixture, "keys go both ways", "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    GuestChannels channels(store, {}, kQuick);
    channels.set("m", "before", "attached");
    channels.attach("m", path);
    guest.set({{.key = "app.ready", .value = "yes"}});
    CHECK(channels.wait("m", "app.ready", "yes", kPatience).owner == Side::guest);
    channels.set("m", "later", "value");
    channels.wait_settled("m", kPatience);
    CHECK(guest.value("before") == "attached");
    CHECK(guest.value("later") == "value");
    const GuestState state = channels.state("m");
    CHECK(state.connected);
    CHECK(state.settled);
    CHECK(state.agent_version == "9");
    CHECK(state.boot_id == "1");
    CHECK(state.last_seen.has_value());
    CHECK(channels.list("m", "app.").size() == 1);
    CHECK(channels.list("m").size() == 3);
}

TEST_CASE_METHOD(Fixture, "a thousand keys are one message", "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    GuestChannels channels(store, {}, kQuick);
    channels.attach("m", path);
    channels.wait_settled("m", kPatience);
    const std::size_t messages = guest.key_messages();
    const int saves = store.saves();
    std::vector<KeyWrite> writes;
    for (int i = 0; i < 1000; ++i) {
        writes.push_back(
            {.key = "com.example.key." + std::to_string(i), .value = std::string(64, 'v')});
    }
    channels.set("m", writes);
    channels.wait_settled("m", kPatience);
    CHECK(guest.count() == 1000);
    CHECK(guest.key_messages() == messages + 1);
    CHECK(store.saves() == saves + 1);
}

TEST_CASE_METHOD(Fixture, "nothing is lost while the host's daemon is away", "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    {
        GuestChannels channels(store, {}, kQuick);
        channels.attach("m", path);
        channels.set("m", "title", "one");
        channels.wait_settled("m", kPatience);
    }
    guest.set({{.key = "while.away", .value = "1"}});
    guest.set({{.key = "title", .value = "guest's"}});
    {
        GuestChannels channels(store, {}, kQuick);
        CHECK(value(channels, "title") == "one");  // durable
        channels.set("m", "also.away", "2");       // before it is attached again
        channels.attach("m", path);
        channels.wait("m", "while.away", "1", kPatience);
        channels.wait("m", "title", "guest's", kPatience);
        channels.wait_settled("m", kPatience);
        CHECK(guest.value("also.away") == "2");
    }
    // What the guest said last is known without the guest.
    guest.stop_machine();
    GuestChannels channels(store, {}, kQuick);
    CHECK(value(channels, "while.away") == "1");
}

TEST_CASE_METHOD(Fixture, "the guest's daemon may restart", "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    GuestChannels channels(store, {}, kQuick);
    channels.attach("m", path);
    channels.wait_settled("m", kPatience);
    for (int i = 0; i < 10; ++i) {
        guest.stop_agent();
        channels.set("m", "host." + std::to_string(i), "x");
        guest.set({{.key = "guest." + std::to_string(i), .value = "y"}});
        guest.start_agent();
        channels.wait("m", "guest." + std::to_string(i), "y", kPatience);
        CHECK(tests::eventually([&] { return guest.value("host." + std::to_string(i)) == "x"; }));
    }
}

TEST_CASE_METHOD(Fixture, "a machine that starts again loses its guest's keys only",
                 "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    std::atomic<int> came{0};
    std::atomic<int> went{0};
    GuestListener listener;
    listener.on_state = [&](const std::string&, const GuestState& state) {
        (state.connected ? came : went)++;
    };
    GuestChannels channels(store, listener, kQuick);
    channels.attach("m", path);
    channels.set("m", "title", "host's");
    channels.wait_settled("m", kPatience);
    guest.set({{.key = "app.ready", .value = "1"}, {.key = "title", .value = "guest's"}});
    channels.wait("m", "title", "guest's", kPatience);
    guest.stop_machine();
    REQUIRE(tests::eventually([&] { return !channels.state("m").connected; }));
    CHECK_FALSE(channels.state("m").problem.empty());
    channels.drop_guest_keys("m");
    CHECK_FALSE(channels.get("m", "app.ready"));
    CHECK(value(channels, "title") == "host's");
    guest.start_machine();
    guest.start_agent();
    CHECK(tests::eventually([&] { return guest.value("title") == "host's"; }));
    REQUIRE(tests::eventually([&] { return channels.state("m").connected; }));
    CHECK(channels.state("m").boot_id == "2");
    CHECK(tests::eventually([&] { return came == 2 && went == 1; }));
}

TEST_CASE_METHOD(Fixture, "garbage, half lines and long lines do not stop the channel",
                 "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    GuestChannels channels(store, {}, kQuick);
    channels.attach("m", path);
    channels.wait_settled("m", kPatience);
    int round = 0;
    for (const std::string& noise :
         {std::string("garbage\n"), std::string("\n\n\xff\xfe\n"), std::string("{\"type\":\"se"),
          std::string(3U << 20U, 'x') + "\n",
          std::string("{\"type\":\"ack\",\"seq\":77,\"sent\":1}\n"),
          std::string("{\"type\":\"set\",\"seq\":900,\"rev\":1,\"set\":{\"evil\":\"1\"}}\n"),
          std::string("{\"type\":\"error\",\"message\":\"no\"}\n")}) {
        guest.write_raw(noise);
        const std::string key = "round." + std::to_string(round++);
        guest.set({{.key = key, .value = "1"}});
        channels.set("m", "host." + key, "2");  // its acknowledgement shows what was lost
        CHECK(channels.wait("m", key, "1", kPatience).value == "1");
        CHECK(tests::eventually([&] { return guest.value("host." + key) == "2"; }));
    }
    CHECK_FALSE(channels.get("m", "evil"));
}

TEST_CASE_METHOD(Fixture, "bytes lost on the way to the guest are made up for",
                 "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    GuestChannels channels(store, {}, kQuick);
    channels.attach("m", path);
    channels.wait_settled("m", kPatience);
    guest.swallow_next_bytes(20);
    channels.set("m", "a", "1");
    std::this_thread::sleep_for(20ms);
    channels.set("m", "b", "2");
    CHECK(tests::eventually([&] { return guest.value("a") == "1" && guest.value("b") == "2"; }));
    channels.wait_settled("m", kPatience);
}

TEST_CASE_METHOD(Fixture, "a guest past its limits is cut off and the host keeps working",
                 "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    std::atomic<int> cut_off{0};
    GuestListener listener;
    listener.on_state = [&](const std::string&, const GuestState& state) {
        cut_off += state.connected ? 0 : 1;
    };
    GuestChannels channels(store, listener, kQuick);
    channels.attach("m", path);
    channels.wait_settled("m", kPatience);
    const int before = cut_off;
    std::string flood;
    std::uint64_t seq = 1;
    for (int i = 0; i < 5000; ++i) {
        KeysMessage message{.seq = ++seq};
        message.keys.push_back(
            {.key = "flood." + std::to_string(i), .version = {.value = "x", .revision = 1}});
        flood += to_line(message);
    }
    guest.write_raw(flood);
    REQUIRE(tests::eventually([&] { return cut_off > before; }));
    CHECK(tests::eventually([&] { return channels.list("m", "flood.").empty() && guest.open(); }));
    channels.set("m", "still", "here");
    CHECK(tests::eventually([&] { return guest.value("still") == "here"; }));
    CHECK(channels.list("m", "flood.").size() <= kMaxKeysPerSide);
}

TEST_CASE_METHOD(Fixture, "what cannot be stored is neither shown nor acknowledged",
                 "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    GuestChannels channels(store, {}, kQuick);
    channels.attach("m", path);
    channels.wait_settled("m", kPatience);
    store.set_failing(true);
    CHECK(tests::error_of([&] { channels.set("m", "k", "v"); }).message() == "the disk is full");
    CHECK_FALSE(channels.get("m", "k"));
    const int saves = store.saves();
    guest.set({{.key = "from.guest", .value = "v"}});
    CHECK(tests::eventually([&] { return store.saves() > saves; }));
    CHECK_FALSE(channels.get("m", "from.guest"));
    CHECK(guest.value("k") == "(none)");
    store.set_failing(false);
    CHECK(channels.wait("m", "from.guest", "v", kPatience).value == "v");
}

TEST_CASE_METHOD(Fixture, "events arrive once although they are sent again", "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    std::mutex mutex;
    std::vector<std::string> texts;
    std::atomic<int> keys{0};
    GuestListener listener;
    listener.on_event = [&](const std::string& machine, const GuestEvent& event) {
        const std::lock_guard lock(mutex);
        texts.push_back(machine + ":" + event.boot + ":" + event.text);
    };
    listener.on_keys = [&](const std::string&, std::span<const KeyEntry> entries) {
        keys += static_cast<int>(entries.size());
    };
    GuestChannels channels(store, listener, kQuick);
    channels.attach("m", path);
    REQUIRE(tests::eventually([&] { return guest.open(); }));
    guest.event(1, "first");
    guest.event(1, "first");
    guest.event(2, "second");
    guest.set({{.key = "a", .value = "1"}, {.key = "b", .value = "2"}});
    REQUIRE(tests::eventually([&] { return keys == 2; }));
    const std::lock_guard lock(mutex);
    CHECK(texts == std::vector<std::string>{"m:1:first", "m:1:second"});
}

TEST_CASE_METHOD(Fixture, "a wait ends by time, by a stop and by the machine's end",
                 "[hvruntime][guest]") {
    GuestChannels channels(store, {}, kQuick);
    const base::Error late = tests::error_of([&] { channels.wait("m", "k", std::nullopt, 20ms); });
    CHECK(late.kind() == base::ErrorKind::timeout);
    CHECK(late.message().find("'k'") != std::string::npos);
    CHECK(late.message().find("'m'") != std::string::npos);

    std::stop_source stop;
    std::thread stopper([&] {
        std::this_thread::sleep_for(20ms);
        stop.request_stop();
    });
    CHECK(tests::error_of([&] {
              channels.wait("m", "k", std::nullopt, kPatience, stop.get_token());
          }).kind() == base::ErrorKind::interrupted);
    stopper.join();

    channels.set("m", "k", "v");
    CHECK(channels.wait("m", "k", std::nullopt, 0ms).value == "v");
    CHECK(tests::error_of([&] { channels.wait("m", "k", "other", 5ms); }).kind() ==
          base::ErrorKind::timeout);
    std::jthread remover([&](const std::stop_token& ended) {
        while (!ended.stop_requested()) {  // the wait may not have begun at the first
            channels.forget("m");
            std::this_thread::sleep_for(5ms);
        }
    });
    CHECK(tests::error_of([&] { channels.wait("m", "k", "other", kPatience); }).kind() ==
          base::ErrorKind::not_found);
    remover.request_stop();
    remover.join();
    CHECK(store.size("m") == 0);
}

TEST_CASE_METHOD(Fixture, "an agent that falls silent is seen as gone and may come back",
                 "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    GuestChannels channels(store, {}, {.retry_first = 5ms, .retry_most = 40ms, .ping_every = 50ms});
    channels.attach("m", path);
    channels.wait_settled("m", kPatience);
    CHECK(tests::eventually([&] { return guest.pings() >= 8; }));
    CHECK(tests::eventually([&] { return channels.state("m").connected; }));
    guest.stop_agent();
    CHECK(tests::eventually([&] { return !channels.state("m").connected; }));
    guest.start_agent();
    CHECK(tests::eventually([&] { return channels.state("m").connected; }));
}

TEST_CASE_METHOD(Fixture, "a detached machine keeps its keys and its socket is let go",
                 "[hvruntime][guest]") {
    SimulatedGuest guest(path);
    GuestChannels channels(store, {}, kQuick);
    channels.attach("m", path);
    channels.set("m", "k", "v");
    channels.wait_settled("m", kPatience);
    channels.detach("m");
    CHECK_FALSE(channels.state("m").connected);
    CHECK_FALSE(channels.state("m").attached);
    CHECK(value(channels, "k") == "v");
    channels.set("m", "k", "w");
    channels.attach("m", path);
    CHECK(tests::eventually([&] { return guest.value("k") == "w"; }));
}

TEST_CASE_METHOD(Fixture, "a socket path that cannot be one is refused", "[hvruntime][guest]") {
    GuestChannels channels(store);
    CHECK(tests::error_of([&] { channels.attach("m", "/" + std::string(120, 'x')); }).kind() ==
          base::ErrorKind::invalid_input);
}

TEST_CASE_METHOD(Fixture, "many threads and machines at once", "[hvruntime][guest]") {
    constexpr int kMachines = 6;
    std::vector<std::unique_ptr<SimulatedGuest>> guests;
    GuestChannels channels(store, {}, kQuick);
    for (int i = 0; i < kMachines; ++i) {
        const std::string socket = dir.path() / ("g" + std::to_string(i));
        guests.push_back(std::make_unique<SimulatedGuest>(socket));
        channels.attach(std::to_string(i), socket);
    }
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int n = 0; n < 30; ++n) {
                const int machine = n % kMachines;
                const std::string key = "t" + std::to_string(t) + "." + std::to_string(n);
                channels.set(std::to_string(machine), key, "v");
                guests[static_cast<std::size_t>(machine)]->set({{.key = "g" + key, .value = "w"}});
                channels.wait(std::to_string(machine), "g" + key, "w", kPatience);
            }
        });
    }
    guests[0]->stop_agent();
    guests[0]->start_agent();
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (int i = 0; i < kMachines; ++i) {
        channels.wait_settled(std::to_string(i), kPatience);
        CHECK(guests[static_cast<std::size_t>(i)]->count() == 2 * 4 * 30 / kMachines);
    }
}

}  // namespace
