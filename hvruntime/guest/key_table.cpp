// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/key_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace hvruntime {

namespace {

// Nobody counts this far; it keeps the other side from making our next revision wrap around.
constexpr std::uint64_t kMaxRevision = std::uint64_t{1} << 62U;

std::optional<KeyVersion>& version_of(KeyRecord& record, Side side) {
    return side == Side::host ? record.host : record.guest;
}

const std::optional<KeyVersion>& version_of(const KeyRecord& record, Side side) {
    return side == Side::host ? record.host : record.guest;
}

// A deletion is kept only while there is something it hides. Only the writer of a version may
// take it back, so this looks at the own one alone.
void drop_idle_deletion(KeyRecord& record, Side self) {
    std::optional<KeyVersion>& own = version_of(record, self);
    if (own && own->deleted && !version_of(record, other_side(self))) {
        own.reset();
    }
}

bool is_secret(const std::optional<KeyVersion>& version) {
    return version && version->secret && !version->deleted;
}

void check_remote(const RemoteKey& key) {
    check_key(key.key);
    check_value(key.key, key.version.value);
    if (key.version.revision > kMaxRevision) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the revision of key '{}' is out of range", key.key));
    }
}

}  // namespace

KeyTable::KeyTable(Side self, std::span<const KeyRecord> stored) : self_(self) {
    apply(stored);
}

KeyRecord KeyTable::current(const std::string& key, const Records& staged) const {
    if (const auto found = staged.find(key); found != staged.end()) {
        return found->second;
    }
    if (const auto found = records_.find(key); found != records_.end()) {
        return found->second;
    }
    return KeyRecord{.key = key};
}

void KeyTable::stage_write(const KeyWrite& write, std::uint64_t revision, Records& staged) const {
    KeyRecord record = current(write.key, staged);
    std::optional<KeyVersion>& own = version_of(record, self_);
    const std::optional<KeyVersion>& other = version_of(record, other_side(self_));
    const std::optional<KeyEntry> before = visible_entry(record);
    if (write.value) {
        const bool secret = write.secret || is_secret(own) || is_secret(other);
        if (before && before->owner == self_ && before->value == *write.value &&
            before->secret == secret) {
            return;
        }
        own = KeyVersion{.value = *write.value, .revision = revision, .secret = secret};
    } else if (other && !other->deleted) {
        if (!before) {
            return;  // already hidden
        }
        own = KeyVersion{.revision = revision, .deleted = true};
    } else {
        own.reset();
    }
    staged.insert_or_assign(write.key, std::move(record));
}

std::vector<KeyRecord> KeyTable::plan_set(std::span<const KeyWrite> writes) const {
    Records staged;
    for (const KeyWrite& write : writes) {
        check_key(write.key);
        if (write.value) {
            check_value(write.key, *write.value);
        }
        stage_write(write, clock_ + 1, staged);
    }
    std::vector<KeyRecord> changed = changed_records(std::move(staged));
    check_limits(self_, changed);
    return changed;
}

std::vector<KeyRecord> KeyTable::plan_remote(std::span<const RemoteKey> keys) const {
    Records staged;
    const Side writer = other_side(self_);
    for (const RemoteKey& key : keys) {
        check_remote(key);
        KeyRecord record = current(key.key, staged);
        version_of(record, writer) = key.forgotten ? std::nullopt : std::optional(key.version);
        staged.insert_or_assign(key.key, std::move(record));
    }
    for (auto& [name, record] : staged) {
        drop_idle_deletion(record, self_);
    }
    std::vector<KeyRecord> changed = changed_records(std::move(staged));
    check_limits(writer, changed);
    return changed;
}

std::vector<KeyRecord> KeyTable::plan_remote_snapshot(std::span<const RemoteKey> keys) const {
    const Side writer = other_side(self_);
    std::vector<RemoteKey> all;
    for (const auto& [name, record] : records_) {
        if (version_of(record, writer)) {
            all.push_back(RemoteKey{.key = name, .forgotten = true});
        }
    }
    all.insert(all.end(), keys.begin(), keys.end());  // later ones win
    return plan_remote(all);
}

std::vector<KeyRecord> KeyTable::changed_records(Records&& staged) const {
    std::vector<KeyRecord> changed;
    for (auto& [name, record] : staged) {
        if (record != current(name, {})) {
            changed.push_back(std::move(record));
        }
    }
    return changed;
}

void KeyTable::check_limits(Side side, std::span<const KeyRecord> changed) const {
    std::size_t count = 0;
    std::size_t bytes = 0;
    const auto add = [&](const KeyRecord& record) {
        if (const std::optional<KeyVersion>& version = version_of(record, side)) {
            ++count;
            bytes += record.key.size() + version->value.size();
        }
    };
    // Both are sorted by key.
    auto next = changed.begin();
    for (const auto& [name, record] : records_) {
        while (next != changed.end() && next->key < name) {
            add(*next++);
        }
        if (next != changed.end() && next->key == name) {
            add(*next++);
        } else {
            add(record);
        }
    }
    std::for_each(next, changed.end(), add);
    if (count > kMaxKeysPerSide || bytes > kMaxBytesPerSide) {
        throw base::Error(
            side == self_ ? base::ErrorKind::conflict : base::ErrorKind::invalid_input,
            fmt::format("the {} would have {} keys with {} bytes", to_string(side), count, bytes),
            fmt::format("at most {} keys with {} bytes in all are possible; delete some",
                        kMaxKeysPerSide, kMaxBytesPerSide));
    }
}

KeyTable::Applied KeyTable::apply(std::span<const KeyRecord> records) {
    Applied applied;
    for (const KeyRecord& record : records) {
        const KeyRecord before = current(record.key, {});
        const std::optional<KeyEntry> seen_before = visible_entry(before);
        const std::optional<KeyEntry> seen = visible_entry(record);
        if (seen && seen != seen_before) {
            applied.visible.push_back(*seen);
        } else if (!seen && seen_before) {
            applied.visible.push_back(KeyEntry{.key = record.key,
                                               .owner = seen_before->owner,
                                               .secret = seen_before->secret,
                                               .deleted = true});
        }
        const std::optional<KeyVersion>& own = version_of(record, self_);
        if (own != version_of(before, self_)) {
            applied.to_send.push_back(RemoteKey{.key = record.key,
                                                .version = own.value_or(KeyVersion{}),
                                                .forgotten = !own.has_value()});
        }
        clock_ = std::max({clock_, record.host ? record.host->revision : 0,
                           record.guest ? record.guest->revision : 0});
        if (record.host || record.guest) {
            records_.insert_or_assign(record.key, record);
        } else {
            records_.erase(record.key);
        }
    }
    return applied;
}

std::optional<KeyEntry> KeyTable::find(std::string_view key) const {
    const auto found = records_.find(key);
    return found == records_.end() ? std::nullopt : visible_entry(found->second);
}

std::vector<KeyEntry> KeyTable::list(std::string_view prefix) const {
    std::vector<KeyEntry> entries;
    for (auto it = records_.lower_bound(prefix);
         it != records_.end() && it->first.starts_with(prefix); ++it) {
        if (std::optional<KeyEntry> entry = visible_entry(it->second)) {
            entries.push_back(std::move(*entry));
        }
    }
    return entries;
}

std::vector<RemoteKey> KeyTable::own_snapshot() const {
    std::vector<RemoteKey> keys;
    for (const auto& [name, record] : records_) {
        if (const std::optional<KeyVersion>& own = version_of(record, self_)) {
            keys.push_back(RemoteKey{.key = name, .version = *own});
        }
    }
    return keys;
}

std::vector<KeyRecord> KeyTable::records() const {
    std::vector<KeyRecord> out;
    for (const auto& [name, record] : records_) {
        out.push_back(record);
    }
    return out;
}

}  // namespace hvruntime
