// SPDX-License-Identifier: Apache-2.0
#include "deployer/record/stored_keys.h"

namespace deployer {

namespace {

std::string prefix_of(const std::string& machine) {
    return "/kv/" + machine + "/";
}

}  // namespace

std::vector<hvruntime::KeyRecord> StoredKeys::load(const std::string& machine) {
    const std::string prefix = prefix_of(machine);
    std::vector<hvruntime::KeyRecord> records;
    for (const hvruntime::Entry& entry : store_.range(prefix).entries) {
        records.push_back(hvruntime::parse_key_record(
            std::string_view(entry.key).substr(prefix.size()), entry.value));
    }
    return records;
}

void StoredKeys::save(const std::string& machine, std::span<const hvruntime::KeyRecord> records) {
    hvruntime::Transaction transaction;
    for (const hvruntime::KeyRecord& record : records) {
        const std::string key = prefix_of(machine) + record.key;
        if (record.host || record.guest) {
            transaction.puts.push_back({key, hvruntime::to_json_text(record)});
        } else {
            transaction.deletes.push_back(key);
        }
    }
    store_.commit(transaction);
}

void StoredKeys::remove_all(const std::string& machine) {
    hvruntime::Transaction transaction;
    for (const hvruntime::Entry& entry : store_.range(prefix_of(machine)).entries) {
        transaction.deletes.push_back(entry.key);
    }
    if (!transaction.deletes.empty()) {
        store_.commit(transaction);
    }
}

}  // namespace deployer
