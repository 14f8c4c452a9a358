// SPDX-License-Identifier: Apache-2.0
// What every hvruntime::Store promises. A test file calls test_store_contract() with a function
// that makes an empty store; the sections run on each of them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "hvruntime/store/store.h"
#include "tests/support/catch.h"

namespace tests {

using MakeStore = std::function<std::unique_ptr<hvruntime::Store>()>;

inline void test_store_transactions(const MakeStore& make_store) {
    using hvruntime::Compare;
    const auto store = make_store();
    REQUIRE(store->revision() == 0);

    SECTION("a put is found with its revisions") {
        REQUIRE(store->commit({{}, {{"a", "1"}}, {}}) == 1);
        REQUIRE(store->commit({{}, {{"b", ""}}, {}}) == 2);
        REQUIRE(store->commit({{}, {{"a", "2"}}, {}}) == 3);
        const auto entry = store->find("a");
        REQUIRE(entry);
        CHECK(entry->value == "2");
        CHECK(entry->created == 1);
        CHECK(entry->modified == 3);
        CHECK(store->find("b")->value.empty());
        CHECK_FALSE(store->find("c"));
    }
    SECTION("values hold any bytes") {
        const std::string bytes("\0\xff\n'\"", 5);
        store->commit({{}, {{"a", bytes}}, {}});
        CHECK(store->find("a")->value == bytes);
    }
    SECTION("a key that is made again has a new creation revision") {
        store->commit({{}, {{"a", "1"}}, {}});
        store->commit({{}, {}, {"a"}});
        CHECK_FALSE(store->find("a"));
        store->commit({{}, {{"a", "1"}}, {}});
        CHECK(store->find("a")->created == 3);
    }
    SECTION("a compare that does not hold changes nothing") {
        store->commit({{}, {{"a", "1"}}, {}});
        CHECK_FALSE(store->commit({{Compare::absent("a")}, {{"a", "2"}, {"b", "2"}}, {}}));
        CHECK_FALSE(store->commit({{Compare::value_is("a", "0")}, {{"b", "2"}}, {"a"}}));
        CHECK_FALSE(store->commit({{Compare::value_is("none", "")}, {{"b", "2"}}, {}}));
        CHECK_FALSE(store->commit({{Compare::created_at("a", 7)}, {{"b", "2"}}, {}}));
        CHECK(store->find("a")->value == "1");
        CHECK_FALSE(store->find("b"));
        CHECK(store->revision() == 1);
    }
    SECTION("all compares must hold") {
        store->commit({{}, {{"a", "1"}}, {}});
        const auto entry = store->find("a");
        CHECK_FALSE(
            store->commit({{Compare::unchanged(*entry), Compare::absent("a")}, {{"a", "2"}}, {}}));
        CHECK(store->commit({{Compare::unchanged(*entry), Compare::absent("b"),
                              Compare::created_at("a", 1), Compare::value_is("a", "1")},
                             {{"a", "2"}},
                             {}}) == 2);
        CHECK_FALSE(store->commit({{Compare::unchanged(*entry)}, {{"a", "3"}}, {}}));
    }
    SECTION("a transaction that changes nothing makes no revision") {
        store->commit({{}, {{"a", "1"}}, {}});
        CHECK(store->commit({{}, {}, {"none"}}) == 1);
        CHECK(store->commit({{Compare::value_is("a", "1")}, {}, {}}) == 1);
        CHECK(store->revision() == 1);
    }
    SECTION("a key twice in one transaction is a bug of the caller") {
        CHECK(error_of([&] {
                  store->commit({{}, {{"a", "1"}}, {"a"}});
              }).kind() == base::ErrorKind::internal);
        CHECK(store->revision() == 0);
    }
}

inline void test_store_ranges(const MakeStore& make_store) {
    const auto store = make_store();
    store->commit({{}, {{"job/2", "b"}, {"job/10", "c"}, {"job/1", "a"}}, {}});
    store->commit({{}, {{"job", "no"}, {"job0", "no"}, {"z", "no"}}, {}});

    SECTION("a range holds the keys with the prefix in byte order, and its revision") {
        const auto range = store->range("job/");
        REQUIRE(range.entries.size() == 3);
        CHECK(range.entries[0].key == "job/1");
        CHECK(range.entries[1].key == "job/10");
        CHECK(range.entries[2].key == "job/2");
        CHECK(range.revision == 2);
        CHECK(store->range("none/").entries.empty());
    }
    SECTION("the empty prefix is everything") {
        CHECK(store->range("").entries.size() == 6);
    }
}

inline void test_store_watches(const MakeStore& make_store) {
    using namespace std::chrono_literals;
    const auto store = make_store();
    store->commit({{}, {{"job/1", "a"}, {"other", "x"}}, {}});
    store->commit({{}, {{"job/2", "b"}}, {"job/1"}});

    SECTION("a watch replays from its revision, in order, without other keys") {
        const auto watch = store->watch("job/", 1);
        const auto changes = watch->next(0ms);
        REQUIRE(changes.size() == 3);
        CHECK(changes[0].key == "job/1");
        CHECK(changes[0].value == "a");
        CHECK(changes[0].revision == 1);
        CHECK(changes[1].key == "job/1");
        CHECK_FALSE(changes[1].value);
        CHECK(changes[2].key == "job/2");
        CHECK(changes[2].revision == 2);
        CHECK(watch->next(0ms).empty());
    }
    SECTION("a watch from the next revision waits for it") {
        const auto watch = store->watch("job/", store->revision() + 1);
        CHECK(watch->next(10ms).empty());
        std::jthread writer([&] {
            std::this_thread::sleep_for(30ms);
            store->commit({{}, {{"other", "y"}}, {}});
            store->commit({{}, {{"job/3", "c"}}, {}});
        });
        const auto changes = watch->next(10s);
        REQUIRE(changes.size() == 1);
        CHECK(changes[0].key == "job/3");
        CHECK(changes[0].revision == 4);
    }
    SECTION("a watch that fell behind the compaction says so") {
        const auto watch = store->watch("job/", 1);
        store->compact(2);
        CHECK(error_of([&] { watch->next(0ms); }).kind() == base::ErrorKind::conflict);
        CHECK(store->watch("job/", 2)->next(0ms).size() == 2);
        CHECK(store->find("other")->value == "x");
    }
}

inline void test_store_races(const MakeStore& make_store) {
    using hvruntime::Compare;
    const auto store = make_store();
    store->commit({{}, {{"count", "0"}}, {}});
    constexpr int kThreads = 4;
    constexpr int kEach = 50;
    const auto count_up = [&] {
        for (int done = 0; done < kEach;) {
            const auto entry = store->find("count");
            const std::string next = std::to_string(std::stoi(entry->value) + 1);
            done += store->commit({{Compare::unchanged(*entry)}, {{"count", next}}, {}}) ? 1 : 0;
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back(count_up);
        }
    }
    CHECK(store->find("count")->value == std::to_string(kThreads * kEach));
    CHECK(store->revision() == 1 + kThreads * kEach);
    CHECK(store->watch("count", 1)->next(std::chrono::milliseconds(0)).size() ==
          1 + kThreads * kEach);
}

inline void test_store_contract(const MakeStore& make_store) {
    SECTION("transactions") {
        test_store_transactions(make_store);
    }
    SECTION("ranges") {
        test_store_ranges(make_store);
    }
    SECTION("watches") {
        test_store_watches(make_store);
    }
    SECTION("writers that race lose no update") {
        test_store_races(make_store);
    }
}

}  // namespace tests
