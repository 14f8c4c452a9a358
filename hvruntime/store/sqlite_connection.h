// SPDX-License-Identifier: Apache-2.0
// One SQLite connection and its prepared statements, errors translated: the only door to SQLite.
// Not thread-safe: who shares a connection holds a lock around every call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace hvruntime {

class SqliteConnection {
  public:
    // Creates the file when absent; ":memory:" is a database of this connection alone. Every commit
    // is synced (WAL, synchronous=FULL). Error(invalid_input): damaged or no database;
    // Error(environment): no space, no permission; Error(conflict): locked by someone else.
    explicit SqliteConnection(std::string path);
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;
    ~SqliteConnection() { close(); }

    // Lives as long as the connection.
    sqlite3_stmt* prepare(const char* sql);
    void execute(const char* sql);
    // The first column of the first row, 0 without a row.
    std::uint64_t number(const char* sql);
    // Throws when the file's structure is damaged.
    void check();
    // How many rows the last statement changed.
    int changed_rows() const;
    // Ends a transaction that has not been committed, if there is one.
    void roll_back() noexcept;

    const std::string& path() const { return path_; }
    [[noreturn]] void fail(int code, std::string_view doing) const;

  private:
    void close() noexcept;

    const std::string path_;
    sqlite3* handle_ = nullptr;
    std::vector<sqlite3_stmt*> statements_;
};

// A prepared statement in use: bound by position, reset at the end of the scope.
class SqliteQuery {
  public:
    SqliteQuery(SqliteConnection& connection, sqlite3_stmt* statement)
        : connection_(connection), statement_(statement) {}
    SqliteQuery(const SqliteQuery&) = delete;
    SqliteQuery& operator=(const SqliteQuery&) = delete;
    ~SqliteQuery();

    SqliteQuery& text(std::string_view value);  // bytes, bound as a blob
    SqliteQuery& number(std::uint64_t value);
    bool step();  // true: a row
    std::string text_at(int column) const;
    std::uint64_t number_at(int column) const;
    bool is_null(int column) const;

  private:
    SqliteConnection& connection_;
    sqlite3_stmt* statement_;
    int bound_ = 0;
};

}  // namespace hvruntime
