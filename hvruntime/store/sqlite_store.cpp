// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/store/sqlite_store.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "base/error.h"
#include "base/file.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;

constexpr int kSchemaVersion = 1;
constexpr int kApplicationId = 0x4d757374;  // "Must": file(1) and we know our own files

// history: one row for each put and delete, value null for a delete.
constexpr const char* kSchema = R"(
    CREATE TABLE current (key BLOB PRIMARY KEY, value BLOB NOT NULL,
                          created INTEGER NOT NULL, modified INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE history (revision INTEGER NOT NULL, key BLOB NOT NULL, value BLOB,
                          PRIMARY KEY (revision, key)) WITHOUT ROWID;
    CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO counter VALUES ('revision', 0), ('compacted', 0);
)";

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

// The first key after all keys with the prefix. Keys are UTF-8, so none starts with 0xff.
std::string end_of_prefix(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) {
        end.pop_back();
    }
    if (end.empty()) {
        return "\xff";
    }
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

void check_transaction(const Transaction& transaction) {
    std::set<std::string_view> keys;
    const auto take = [&keys](std::string_view key) {
        if (key.empty() || !keys.insert(key).second) {
            throw Error(ErrorKind::internal,
                        fmt::format("the key '{}' is empty or twice in one transaction", key));
        }
    };
    for (const Put& put : transaction.puts) {
        take(put.key);
    }
    for (const std::string& key : transaction.deletes) {
        take(key);
    }
}

}  // namespace

// The connection and everything that is done under its lock.
class SqliteStore::Database {
  public:
    Database(const std::filesystem::path& path, Revision keep_history,
             std::chrono::milliseconds lock_wait);
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database() { close(); }

    std::optional<Revision> commit(const Transaction& transaction);
    std::optional<Entry> find(std::string_view key);
    Range range(std::string_view prefix);
    Revision revision();
    void compact(Revision revision);
    // Waits until there are changes at `next` or later; moves `next` behind them.
    std::vector<Change> changes(std::string_view prefix, Revision& next,
                                std::chrono::milliseconds timeout);

  private:
    // A prepared statement in use: bound by position, reset at the end of the scope.
    class Query {
      public:
        Query(Database& database, sqlite3_stmt* statement) : db_(database), stmt_(statement) {}
        Query(const Query&) = delete;
        Query& operator=(const Query&) = delete;
        ~Query() {
            sqlite3_reset(stmt_);
            sqlite3_clear_bindings(stmt_);
        }
        Query& text(std::string_view value);
        Query& number(Revision value);
        bool step();  // true: a row
        std::string text_at(int column) const;
        Revision number_at(int column) const;
        bool is_null(int column) const { return sqlite3_column_type(stmt_, column) == SQLITE_NULL; }

      private:
        Database& db_;
        sqlite3_stmt* stmt_;
        int bound_ = 0;
    };
    struct Pending {
        const Transaction* transaction;
        std::optional<Revision> revision;
        std::exception_ptr failure;
        bool done = false;
    };

    void open();
    void prepare_schema();
    void close() noexcept;
    sqlite3_stmt* prepare(const char* sql);
    void execute(const char* sql);
    Revision pragma(const char* sql);
    [[noreturn]] void fail(int code, std::string_view doing) const;
    void commit_batch(const std::vector<Pending*>& batch);
    bool holds(const Compare& compare);
    std::optional<Revision> apply(const Transaction& transaction, Revision head);
    std::optional<Entry> find_locked(std::string_view key);
    void set_counter(std::string_view name, Revision value);
    void trim_history(Revision head);

    const std::string path_;
    const Revision keep_history_;
    std::optional<base::FileLock> lock_file_;  // none: in memory

    std::mutex mutex_;  // guards the connection, its statements, head_ and compacted_
    std::condition_variable changed_;
    sqlite3* handle_ = nullptr;
    std::vector<sqlite3_stmt*> statements_;
    sqlite3_stmt* find_ = nullptr;
    sqlite3_stmt* range_ = nullptr;
    sqlite3_stmt* put_ = nullptr;
    sqlite3_stmt* delete_ = nullptr;
    sqlite3_stmt* add_history_ = nullptr;
    sqlite3_stmt* trim_history_ = nullptr;
    sqlite3_stmt* changes_ = nullptr;
    sqlite3_stmt* set_counter_ = nullptr;
    Revision head_ = 0;
    Revision compacted_ = 0;  // history up to here is gone

    std::mutex queue_mutex_;  // guards queue_, committing_ and the members of its Pendings
    std::condition_variable queue_moved_;
    std::vector<Pending*> queue_;
    bool committing_ = false;
};

SqliteStore::Database::Query& SqliteStore::Database::Query::text(std::string_view value) {
    const int code = sqlite3_bind_blob64(stmt_, ++bound_, value.empty() ? "" : value.data(),
                                         value.size(), SQLITE_TRANSIENT);
    if (code != SQLITE_OK) {
        db_.fail(code, "binding");
    }
    return *this;
}

SqliteStore::Database::Query& SqliteStore::Database::Query::number(Revision value) {
    const int code = sqlite3_bind_int64(stmt_, ++bound_, static_cast<sqlite3_int64>(value));
    if (code != SQLITE_OK) {
        db_.fail(code, "binding");
    }
    return *this;
}

bool SqliteStore::Database::Query::step() {
    const int code = sqlite3_step(stmt_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        db_.fail(code, "using");
    }
    return code == SQLITE_ROW;
}

std::string SqliteStore::Database::Query::text_at(int column) const {
    const void* data = sqlite3_column_blob(stmt_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column));
    // SAFETY: a blob of `size` bytes, seen as chars; null only when it is empty.
    return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

Revision SqliteStore::Database::Query::number_at(int column) const {
    return static_cast<Revision>(sqlite3_column_int64(stmt_, column));
}

SqliteStore::Database::Database(const std::filesystem::path& path, Revision keep_history,
                                std::chrono::milliseconds lock_wait)
    : path_(path.string()), keep_history_(keep_history) {
    if (path_ != ":memory:") {
        base::make_dirs(path.parent_path(), 0700);
        const auto deadline = std::chrono::steady_clock::now() + lock_wait;
        lock_file_.emplace(base::FileLock::try_lock(path_ + ".lock"));
        while (!*lock_file_ && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            lock_file_.emplace(base::FileLock::try_lock(path_ + ".lock"));
        }
        if (!*lock_file_) {
            throw Error(ErrorKind::conflict,
                        fmt::format("the store '{}' is in use by another process", path_),
                        "only one muster serve can run on it: stop the other one");
        }
        base::open_file(path_, O_RDWR | O_CREAT, 0600);
    }
    try {
        open();
    } catch (...) {
        close();
        throw;
    }
}

void SqliteStore::Database::open() {
    const int code =
        sqlite3_open_v2(path_.c_str(), &handle_,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK) {
        fail(code, "opening");
    }
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, 5000);
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    prepare_schema();
    find_ = prepare("SELECT key, value, created, modified FROM current WHERE key = ?");
    range_ = prepare(
        "SELECT key, value, created, modified FROM current WHERE key >= ? AND key < ? ORDER BY "
        "key");
    put_ = prepare(
        "INSERT INTO current VALUES (?1, ?2, ?3, ?3) ON CONFLICT (key) DO UPDATE "
        "SET value = excluded.value, modified = excluded.modified");
    delete_ = prepare("DELETE FROM current WHERE key = ?");
    add_history_ = prepare("INSERT INTO history VALUES (?, ?, ?)");
    trim_history_ = prepare("DELETE FROM history WHERE revision <= ?");
    changes_ = prepare(
        "SELECT revision, key, value FROM history WHERE revision >= ? AND key >= ? AND key < ? "
        "ORDER BY revision, key");
    set_counter_ = prepare("UPDATE counter SET value = ?2 WHERE name = CAST(?1 AS TEXT)");
    head_ = pragma("SELECT value FROM counter WHERE name = 'revision'");
    compacted_ = pragma("SELECT value FROM counter WHERE name = 'compacted'");
}

void SqliteStore::Database::prepare_schema() {
    const Revision version = pragma("PRAGMA user_version");
    if (version > kSchemaVersion) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("the store '{}' was written by a newer muster", path_),
                    "use that version, or another data folder");
    }
    if (version == 0) {
        if (pragma("SELECT count(*) FROM sqlite_schema") != 0) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("'{}' is a database, but not a store of muster", path_),
                        "move it away");
        }
        // All of it or nothing: a kill in between leaves an empty file, not half a schema.
        execute("BEGIN IMMEDIATE");
        execute(kSchema);
        execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
        execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str());
        execute("COMMIT");
        return;
    }
    const auto check = prepare("PRAGMA quick_check(1)");
    Query query(*this, check);
    if (!query.step() || query.text_at(0) != "ok") {
        fail(SQLITE_CORRUPT, "checking");
    }
}

void SqliteStore::Database::close() noexcept {
    for (sqlite3_stmt* statement : statements_) {
        sqlite3_finalize(statement);
    }
    statements_.clear();
    sqlite3_close_v2(handle_);
    handle_ = nullptr;
}

sqlite3_stmt* SqliteStore::Database::prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
        fail(code, "reading");
    }
    statements_.push_back(statement);
    return statement;
}

void SqliteStore::Database::execute(const char* sql) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        fail(code, "writing");
    }
}

Revision SqliteStore::Database::pragma(const char* sql) {
    sqlite3_stmt* statement = prepare(sql);
    Query query(*this, statement);
    return query.step() ? query.number_at(0) : 0;
}

void SqliteStore::Database::fail(int code, std::string_view doing) const {
    const char* detail = handle_ != nullptr && sqlite3_errcode(handle_) != SQLITE_OK
                             ? sqlite3_errmsg(handle_)
                             : sqlite3_errstr(code);
    throw Error(kind_of_sqlite(code), fmt::format("{} the store '{}': {}", doing, path_, detail),
                hint_of_sqlite(code));
}

std::optional<Revision> SqliteStore::Database::commit(const Transaction& transaction) {
    check_transaction(transaction);
    Pending mine{&transaction, std::nullopt, nullptr};
    std::unique_lock lock(queue_mutex_);
    queue_.push_back(&mine);
    queue_moved_.wait(lock, [&] { return mine.done || !committing_; });
    if (!mine.done) {
        // This thread commits for all that have queued up behind the last sync.
        committing_ = true;
        const std::vector<Pending*> batch = std::exchange(queue_, {});
        lock.unlock();
        std::exception_ptr failure;
        try {
            commit_batch(batch);
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        for (Pending* pending : batch) {
            pending->done = true;
            pending->failure = failure;
        }
        committing_ = false;
        queue_moved_.notify_all();
    }
    if (mine.failure) {
        std::rethrow_exception(mine.failure);
    }
    return mine.revision;
}

void SqliteStore::Database::commit_batch(const std::vector<Pending*>& batch) {
    const std::lock_guard lock(mutex_);
    const base::ScopeExit roll_back([this] {
        if (sqlite3_get_autocommit(handle_) == 0) {
            sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
        }
    });
    execute("BEGIN IMMEDIATE");
    Revision head = head_;
    Revision kept_from = compacted_;
    for (Pending* pending : batch) {
        pending->revision = apply(*pending->transaction, head);
        head = std::max(head, pending->revision.value_or(0));
    }
    if (head == head_) {
        return;  // nothing was changed
    }
    set_counter("revision", head);
    // Trimmed in lots, not at every commit.
    if (head - compacted_ > keep_history_ + keep_history_ / 8 + 1) {
        kept_from = head - keep_history_;
        trim_history(kept_from);
    }
    execute("COMMIT");
    head_ = head;
    compacted_ = kept_from;
    changed_.notify_all();
}

std::optional<Revision> SqliteStore::Database::apply(const Transaction& transaction,
                                                     Revision head) {
    for (const Compare& compare : transaction.compares) {
        if (!holds(compare)) {
            return std::nullopt;
        }
    }
    const Revision next = head + 1;
    bool changed = false;
    for (const Put& put : transaction.puts) {
        Query(*this, put_).text(put.key).text(put.value).number(next).step();
        Query(*this, add_history_).number(next).text(put.key).text(put.value).step();
        changed = true;
    }
    for (const std::string& key : transaction.deletes) {
        Query(*this, delete_).text(key).step();
        if (sqlite3_changes(handle_) > 0) {
            Query(*this, add_history_).number(next).text(key).step();
            changed = true;
        }
    }
    return changed ? next : head;
}

bool SqliteStore::Database::holds(const Compare& compare) {
    const std::optional<Entry> entry = find_locked(compare.key);
    switch (compare.field) {
        case Compare::Field::created: return (entry ? entry->created : 0) == compare.revision;
        case Compare::Field::modified: return (entry ? entry->modified : 0) == compare.revision;
        case Compare::Field::value: return entry && entry->value == compare.value;
    }
    base::unreachable("compare field");
}

std::optional<Entry> SqliteStore::Database::find_locked(std::string_view key) {
    Query query(*this, find_);
    if (!query.text(key).step()) {
        return std::nullopt;
    }
    return Entry{query.text_at(0), query.text_at(1), query.number_at(2), query.number_at(3)};
}

void SqliteStore::Database::set_counter(std::string_view name, Revision value) {
    Query(*this, set_counter_).text(name).number(value).step();
}

void SqliteStore::Database::trim_history(Revision last_gone) {
    Query(*this, trim_history_).number(last_gone).step();
    set_counter("compacted", last_gone);
}

std::optional<Entry> SqliteStore::Database::find(std::string_view key) {
    const std::lock_guard lock(mutex_);
    return find_locked(key);
}

Range SqliteStore::Database::range(std::string_view prefix) {
    const std::lock_guard lock(mutex_);
    Range result;
    result.revision = head_;
    Query query(*this, range_);
    query.text(prefix).text(end_of_prefix(prefix));
    while (query.step()) {
        result.entries.push_back(
            {query.text_at(0), query.text_at(1), query.number_at(2), query.number_at(3)});
    }
    return result;
}

Revision SqliteStore::Database::revision() {
    const std::lock_guard lock(mutex_);
    return head_;
}

void SqliteStore::Database::compact(Revision revision) {
    const std::lock_guard lock(mutex_);
    const Revision last_gone = std::min(revision == 0 ? 0 : revision - 1, head_);
    if (last_gone <= compacted_) {
        return;
    }
    const base::ScopeExit roll_back([this] {
        if (sqlite3_get_autocommit(handle_) == 0) {
            sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
        }
    });
    execute("BEGIN IMMEDIATE");
    trim_history(last_gone);
    execute("COMMIT");
    compacted_ = last_gone;
}

std::vector<Change> SqliteStore::Database::changes(std::string_view prefix, Revision& next,
                                                   std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    std::unique_lock lock(mutex_);
    while (true) {
        if (next <= compacted_) {
            throw Error(ErrorKind::conflict,
                        fmt::format("the changes since revision {} are no longer kept", next),
                        "read the range again and watch from its revision");
        }
        std::vector<Change> found;
        if (next <= head_) {
            Query query(*this, changes_);
            query.number(next).text(prefix).text(end_of_prefix(prefix));
            while (query.step()) {
                found.push_back({query.number_at(0), query.text_at(1),
                                 query.is_null(2) ? std::nullopt
                                                  : std::optional<std::string>(query.text_at(2))});
            }
            next = head_ + 1;
        }
        if (!found.empty() || changed_.wait_until(lock, deadline) == std::cv_status::timeout) {
            return found;
        }
    }
}

namespace {

template <typename Source>
class SqliteWatch : public Watch {
  public:
    SqliteWatch(Source& database, std::string prefix, Revision from)
        : database_(database), prefix_(std::move(prefix)), next_(std::max<Revision>(from, 1)) {}
    std::vector<Change> next(std::chrono::milliseconds timeout) override {
        return database_.changes(prefix_, next_, timeout);
    }

  private:
    Source& database_;
    std::string prefix_;
    Revision next_;
};

}  // namespace

SqliteStore::SqliteStore(const std::filesystem::path& path, Revision keep_history,
                         std::chrono::milliseconds lock_wait)
    : database_(std::make_unique<Database>(path, keep_history, lock_wait)) {
}
SqliteStore::~SqliteStore() = default;

std::optional<Revision> SqliteStore::commit(const Transaction& transaction) {
    return database_->commit(transaction);
}
std::optional<Entry> SqliteStore::find(std::string_view key) {
    return database_->find(key);
}
Range SqliteStore::range(std::string_view prefix) {
    return database_->range(prefix);
}
Revision SqliteStore::revision() {
    return database_->revision();
}
std::unique_ptr<Watch> SqliteStore::watch(std::string prefix, Revision from) {
    return std::make_unique<SqliteWatch<Database>>(*database_, std::move(prefix), from);
}
void SqliteStore::compact(Revision revision) {
    database_->compact(revision);
}

}  // namespace hvruntime
