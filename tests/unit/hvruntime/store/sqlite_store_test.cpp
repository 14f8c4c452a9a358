// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/store/sqlite_store.h"

#include <sys/stat.h>
#include <thread>

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/support/store_contract.h"

using hvruntime::SqliteStore;
using tests::error_of;

TEST_CASE("the SQLite store in memory keeps the contract", "[hvruntime][store]") {
    tests::test_store_contract([] { return std::make_unique<SqliteStore>(":memory:"); });
}

TEST_CASE("the SQLite store in a file keeps the contract", "[hvruntime][store]") {
    const base::TempDir dir;
    tests::test_store_contract([&] { return std::make_unique<SqliteStore>(dir.path() / "s.db"); });
}

TEST_CASE("a store keeps its content and revision over a restart", "[hvruntime][store]") {
    const base::TempDir dir;
    const auto path = dir.path() / "new" / "store.db";
    {
        SqliteStore store(path);
        store.commit({{}, {{"a", "1"}}, {}});
        store.commit({{}, {{"b", "2"}}, {"a"}});
    }
    SqliteStore store(path);
    CHECK(store.revision() == 2);
    CHECK_FALSE(store.find("a"));
    CHECK(store.find("b")->created == 2);
    CHECK(store.watch("", 1)->next(std::chrono::milliseconds(0)).size() == 3);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
}

TEST_CASE("a store is opened by one user at a time", "[hvruntime][store]") {
    const base::TempDir dir;
    const auto path = dir.path() / "store.db";
    {
        const SqliteStore store(path);
        const auto error = error_of([&] { SqliteStore second(path); });
        CHECK(error.kind() == base::ErrorKind::conflict);
        CHECK_THAT(error.message(), Catch::Contains(path.string()));
    }
    CHECK_NOTHROW(SqliteStore(path));
}

TEST_CASE("a store that is just being closed can be waited for", "[hvruntime][store]") {
    const base::TempDir dir;
    const auto path = dir.path() / "store.db";
    auto first = std::make_unique<SqliteStore>(path);
    const std::jthread closer([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        first.reset();
    });
    CHECK_NOTHROW(SqliteStore(path, 4096, std::chrono::seconds(20)));
}

TEST_CASE("a file that is no store is refused and left as it is", "[hvruntime][store]") {
    const base::TempDir dir;
    const auto path = dir.path() / "store.db";
    const std::string text =
        "this is not a database, and long enough to be taken for one " + std::string(4096, 'x');
    base::write_file(path, text);
    CHECK(error_of([&] { SqliteStore store(path); }).kind() == base::ErrorKind::invalid_input);
    CHECK(base::read_file(path) == text);
}

TEST_CASE("a store with a damaged page is refused", "[hvruntime][store]") {
    const base::TempDir dir;
    const auto path = dir.path() / "store.db";
    {
        SqliteStore store(path);
        for (int i = 0; i < 200; ++i) {
            store.commit({{}, {{"key" + std::to_string(i), std::string(500, 'v')}}, {}});
        }
    }
    std::string data = base::read_file(path);
    REQUIRE(data.size() > 40000);
    for (std::size_t page = 8192; page + 4096 <= data.size(); page += 4096) {
        data.replace(page, 200, 200, '\xa5');
    }
    base::write_file(path, data);
    CHECK(error_of([&] { SqliteStore store(path); }).kind() == base::ErrorKind::invalid_input);
}

TEST_CASE("the history is trimmed, the content is not", "[hvruntime][store]") {
    SqliteStore store(":memory:", 16);
    for (int i = 0; i < 100; ++i) {
        store.commit({{}, {{"key" + std::to_string(i), "v"}}, {}});
    }
    CHECK(store.range("key").entries.size() == 100);
    CHECK(error_of([&] { store.watch("", 1)->next(std::chrono::milliseconds(0)); }).kind() ==
          base::ErrorKind::conflict);
    CHECK(store.watch("", 85)->next(std::chrono::milliseconds(0)).size() == 16);
}
