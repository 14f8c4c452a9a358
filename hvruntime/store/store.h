// SPDX-License-Identifier: Apache-2.0
// The state of a host or pool: keys and values with one revision counter over all of them. Every
// change is a transaction guarded by compares, so two writers never lose each other's work; a watch
// replays all changes since a revision. No leases: who is alive is decided elsewhere. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hvruntime {

// Grows by one with every transaction that changes something. 0: before the first change.
using Revision = std::uint64_t;

struct Entry {
    std::string key;
    std::string value;
    Revision created = 0;   // of the put that made the key (again)
    Revision modified = 0;  // of the last put
};

// One condition on one key.
struct Compare {
    enum class Field { created, modified, value };
    std::string key;
    Field field = Field::modified;
    Revision revision = 0;  // for created and modified; 0: the key is absent
    std::string value;      // for value

    static Compare absent(std::string key) { return {std::move(key), Field::modified, 0, {}}; }
    static Compare unchanged(const Entry& entry) {
        return {entry.key, Field::modified, entry.modified, {}};
    }
    static Compare created_at(std::string key, Revision revision) {
        return {std::move(key), Field::created, revision, {}};
    }
    static Compare value_is(std::string key, std::string value) {
        return {std::move(key), Field::value, 0, std::move(value)};
    }
};

struct Put {
    std::string key;
    std::string value;
};

struct Transaction {
    std::vector<Compare> compares;     // all must hold
    std::vector<Put> puts;             // a key may stand only once in puts and deletes together
    std::vector<std::string> deletes;  // absent keys are fine
};

struct Range {
    std::vector<Entry> entries;  // by key
    Revision revision = 0;       // of the whole snapshot: watch from revision + 1
};

struct Change {
    Revision revision = 0;
    std::string key;
    std::optional<std::string> value;  // nullopt: deleted
};

// One reader of changes. Not thread-safe; must not outlive its store.
class Watch {
  public:
    virtual ~Watch() = default;
    // The next changes in order, never a part of a transaction; empty: nothing came in time. Throws
    // Error(conflict) when changes not yet seen were compacted away: read the range again.
    virtual std::vector<Change> next(std::chrono::milliseconds timeout) = 0;
};

class Store {
  public:
    virtual ~Store() = default;
    // Durable when it returns. nullopt: a compare did not hold and nothing was changed.
    virtual std::optional<Revision> commit(const Transaction& transaction) = 0;
    virtual std::optional<Entry> find(std::string_view key) = 0;
    virtual Range range(std::string_view prefix) = 0;
    virtual Revision revision() = 0;
    // Changes of keys with the prefix at `from` or later.
    virtual std::unique_ptr<Watch> watch(std::string prefix, Revision from) = 0;
    // Forgets the history before `revision`; present values stay.
    virtual void compact(Revision revision) = 0;
};

}  // namespace hvruntime
