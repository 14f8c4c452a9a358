// SPDX-License-Identifier: Apache-2.0
// The Store of one host: a SQLite file (WAL, every commit synced), opened by one process at a time.
// ":memory:" gives a store that lives as long as the object, for tests. sqlite_connection.cpp is
// the only door to SQLite. Thread-safe; transactions of several threads that wait for the disk
// share one sync.
#pragma once

#include <filesystem>
#include <memory>

#include "hvruntime/store/store.h"

namespace hvruntime {

class SqliteStore : public Store {
  public:
    // Makes the file (mode 0600) when absent. Error(conflict): another process has it open;
    // Error(invalid_input): damaged; Error(unsupported): written by a newer muster.
    // The last `keep_history` revisions are kept for watches. `lock_wait`: how long another process
    // may take to close it, as a daemon that is just being replaced does.
    explicit SqliteStore(const std::filesystem::path& path, Revision keep_history = 4096,
                         std::chrono::milliseconds lock_wait = std::chrono::milliseconds(0));
    SqliteStore(const SqliteStore&) = delete;
    SqliteStore& operator=(const SqliteStore&) = delete;
    ~SqliteStore() override;

    std::optional<Revision> commit(const Transaction& transaction) override;
    std::optional<Entry> find(std::string_view key) override;
    Range range(std::string_view prefix) override;
    Revision revision() override;
    std::unique_ptr<Watch> watch(std::string prefix, Revision from) override;
    void compact(Revision revision) override;

  private:
    class Database;
    std::unique_ptr<Database> database_;
};

}  // namespace hvruntime
