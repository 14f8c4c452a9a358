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

#include "base/error.h"
#include "base/file.h"
#include "hvruntime/store/sqlite_connection.h"

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

// Makes the folder and the file. Nothing is locked for a store in memory.
std::optional<base::FileLock> lock_store(const std::filesystem::path& path,
                                         std::chrono::milliseconds wait) {
    if (path == ":memory:") {
        return std::nullopt;
    }
    base::make_dirs(path.parent_path(), 0700);
    const std::string lock_path = path.string() + ".lock";
    const auto deadline = std::chrono::steady_clock::now() + wait;
    base::FileLock lock = base::FileLock::try_lock(lock_path);
    while (!lock && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        lock = base::FileLock::try_lock(lock_path);
    }
    if (!lock) {
        throw Error(ErrorKind::conflict,
                    fmt::format("the store '{}' is in use by another process", path.string()),
                    "only one muster serve can run on it: stop the other one");
    }
    base::open_file(path, O_RDWR | O_CREAT, 0600);
    return lock;
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

    std::optional<Revision> commit(const Transaction& transaction);
    std::optional<Entry> find(std::string_view key);
    Range range(std::string_view prefix);
    Revision revision();
    void compact(Revision revision);
    // Waits until there are changes at `next` or later; moves `next` behind them.
    std::vector<Change> changes(std::string_view prefix, Revision& next,
                                std::chrono::milliseconds timeout);

  private:
    struct Pending {
        const Transaction* transaction;
        std::optional<Revision> revision;
        std::exception_ptr failure;
        bool done = false;
    };

    void prepare_schema();
    void prepare_statements();
    void commit_batch(const std::vector<Pending*>& batch);
    bool holds(const Compare& compare);
    std::optional<Revision> apply(const Transaction& transaction, Revision head);
    std::optional<Entry> find_locked(std::string_view key);
    void set_counter(std::string_view name, Revision value);
    void trim_history(Revision head);

    const Revision keep_history_;
    std::optional<base::FileLock> lock_file_;  // none: in memory

    std::mutex mutex_;  // guards the connection, its statements, head_ and compacted_
    std::condition_variable changed_;
    SqliteConnection connection_;
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

SqliteStore::Database::Database(const std::filesystem::path& path, Revision keep_history,
                                std::chrono::milliseconds lock_wait)
    : keep_history_(keep_history),
      lock_file_(lock_store(path, lock_wait)),
      connection_(path.string()) {
    prepare_schema();
    prepare_statements();
}

void SqliteStore::Database::prepare_statements() {
    find_ = connection_.prepare("SELECT key, value, created, modified FROM current WHERE key = ?");
    range_ = connection_.prepare(
        "SELECT key, value, created, modified FROM current WHERE key >= ? AND key < ? ORDER BY "
        "key");
    put_ = connection_.prepare(
        "INSERT INTO current VALUES (?1, ?2, ?3, ?3) ON CONFLICT (key) DO UPDATE "
        "SET value = excluded.value, modified = excluded.modified");
    delete_ = connection_.prepare("DELETE FROM current WHERE key = ?");
    add_history_ = connection_.prepare("INSERT INTO history VALUES (?, ?, ?)");
    trim_history_ = connection_.prepare("DELETE FROM history WHERE revision <= ?");
    changes_ = connection_.prepare(
        "SELECT revision, key, value FROM history WHERE revision >= ? AND key >= ? AND key < ? "
        "ORDER BY revision, key");
    set_counter_ =
        connection_.prepare("UPDATE counter SET value = ?2 WHERE name = CAST(?1 AS TEXT)");
    head_ = connection_.number("SELECT value FROM counter WHERE name = 'revision'");
    compacted_ = connection_.number("SELECT value FROM counter WHERE name = 'compacted'");
}

void SqliteStore::Database::prepare_schema() {
    const Revision version = connection_.number("PRAGMA user_version");
    if (version > kSchemaVersion) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("the store '{}' was written by a newer muster", connection_.path()),
                    "use that version, or another data folder");
    }
    if (version == 0) {
        if (connection_.number("SELECT count(*) FROM sqlite_schema") != 0) {
            throw Error(
                ErrorKind::invalid_input,
                fmt::format("'{}' is a database, but not a store of muster", connection_.path()),
                "move it away");
        }
        // All of it or nothing: a kill in between leaves an empty file, not half a schema.
        connection_.execute("BEGIN IMMEDIATE");
        connection_.execute(kSchema);
        connection_.execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
        connection_.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str());
        connection_.execute("COMMIT");
        return;
    }
    connection_.check();
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
    const base::ScopeExit roll_back([this] { connection_.roll_back(); });
    connection_.execute("BEGIN IMMEDIATE");
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
    connection_.execute("COMMIT");
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
        SqliteQuery(connection_, put_).text(put.key).text(put.value).number(next).step();
        SqliteQuery(connection_, add_history_).number(next).text(put.key).text(put.value).step();
        changed = true;
    }
    for (const std::string& key : transaction.deletes) {
        SqliteQuery(connection_, delete_).text(key).step();
        if (connection_.changed_rows() > 0) {
            SqliteQuery(connection_, add_history_).number(next).text(key).step();
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
    SqliteQuery query(connection_, find_);
    if (!query.text(key).step()) {
        return std::nullopt;
    }
    return Entry{query.text_at(0), query.text_at(1), query.number_at(2), query.number_at(3)};
}

void SqliteStore::Database::set_counter(std::string_view name, Revision value) {
    SqliteQuery(connection_, set_counter_).text(name).number(value).step();
}

void SqliteStore::Database::trim_history(Revision last_gone) {
    SqliteQuery(connection_, trim_history_).number(last_gone).step();
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
    SqliteQuery query(connection_, range_);
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
    const base::ScopeExit roll_back([this] { connection_.roll_back(); });
    connection_.execute("BEGIN IMMEDIATE");
    trim_history(last_gone);
    connection_.execute("COMMIT");
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
            SqliteQuery query(connection_, changes_);
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
