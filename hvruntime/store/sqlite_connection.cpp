// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/store/sqlite_connection.h"

#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/error.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;

ErrorKind kind_of_sqlite(int code) {
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return ErrorKind::invalid_input;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return ErrorKind::conflict;
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_NOMEM: return ErrorKind::environment;
        default: return ErrorKind::internal;
    }
}

std::string hint_of_sqlite(int code) {
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return "move the file away, or put a backup of it in its place";
        case SQLITE_FULL: return "free some space on that file system and try again";
        default: return "";
    }
}

}  // namespace

SqliteConnection::SqliteConnection(std::string path) : path_(std::move(path)) {
    try {
        const int code = sqlite3_open_v2(
            path_.c_str(), &handle_,
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
        if (code != SQLITE_OK) {
            fail(code, "opening");
        }
        sqlite3_extended_result_codes(handle_, 1);
        sqlite3_busy_timeout(handle_, 5000);
        execute("PRAGMA journal_mode=WAL");
        execute("PRAGMA synchronous=FULL");
    } catch (...) {
        close();
        throw;
    }
}

void SqliteConnection::close() noexcept {
    for (sqlite3_stmt* statement : statements_) {
        sqlite3_finalize(statement);
    }
    statements_.clear();
    sqlite3_close_v2(handle_);
    handle_ = nullptr;
}

sqlite3_stmt* SqliteConnection::prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
        fail(code, "reading");
    }
    statements_.push_back(statement);
    return statement;
}

void SqliteConnection::execute(const char* sql) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        fail(code, "writing");
    }
}

std::uint64_t SqliteConnection::number(const char* sql) {
    sqlite3_stmt* statement = prepare(sql);
    SqliteQuery query(*this, statement);
    return query.step() ? query.number_at(0) : 0;
}

void SqliteConnection::fail(int code, std::string_view doing) const {
    const char* detail = handle_ != nullptr && sqlite3_errcode(handle_) != SQLITE_OK
                             ? sqlite3_errmsg(handle_)
                             : sqlite3_errstr(code);
    throw Error(kind_of_sqlite(code), fmt::format("{} the store '{}': {}", doing, path_, detail),
                hint_of_sqlite(code));
}

void SqliteConnection::check() {
    SqliteQuery query(*this, prepare("PRAGMA quick_check(1)"));
    if (!query.step() || query.text_at(0) != "ok") {
        fail(SQLITE_CORRUPT, "checking");
    }
}

int SqliteConnection::changed_rows() const {
    return sqlite3_changes(handle_);
}

void SqliteConnection::roll_back() noexcept {
    if (sqlite3_get_autocommit(handle_) == 0) {
        sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

SqliteQuery::~SqliteQuery() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

SqliteQuery& SqliteQuery::text(std::string_view value) {
    const int code = sqlite3_bind_blob64(statement_, ++bound_, value.empty() ? "" : value.data(),
                                         value.size(), SQLITE_TRANSIENT);
    if (code != SQLITE_OK) {
        connection_.fail(code, "binding");
    }
    return *this;
}

SqliteQuery& SqliteQuery::number(std::uint64_t value) {
    const int code = sqlite3_bind_int64(statement_, ++bound_, static_cast<sqlite3_int64>(value));
    if (code != SQLITE_OK) {
        connection_.fail(code, "binding");
    }
    return *this;
}

bool SqliteQuery::step() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        connection_.fail(code, "using");
    }
    return code == SQLITE_ROW;
}

std::string SqliteQuery::text_at(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    // SAFETY: a blob of `size` bytes, seen as chars; null only when it is empty.
    return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

std::uint64_t SqliteQuery::number_at(int column) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
}

bool SqliteQuery::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

}  // namespace hvruntime
