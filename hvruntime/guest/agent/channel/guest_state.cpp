// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/guest_state.h"

#include <chrono>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "hvruntime/guest/agent/properties.h"

namespace hvruntime::agent {

namespace {

constexpr std::size_t kMostEvents = 256;  // waiting for the host; older ones are dropped

KeyEntry property_entry(const std::string& key, const std::string& value) {
    return KeyEntry{.key = key, .value = value, .owner = Side::host};
}

}  // namespace

std::string read_boot_id() {
    std::string id = base::read_file("/proc/sys/kernel/random/boot_id", 128);
    while (!id.empty() && id.back() == '\n') {
        id.pop_back();
    }
    return id;
}

GuestState::GuestState(const Places& places) : places_(places), boot_(read_boot_id()) {
    try {
        load();
    } catch (const std::exception& error) {  // the host's keys come again by themselves
        base::log(base::LogLevel::error, "guest", "starting without keys: {}", error.what());
        table_ = KeyTable(Side::guest);
        events_.clear();
    }
}

void GuestState::load() {
    if (!std::filesystem::exists(places_.keys())) {
        return;
    }
    const base::Json json =
        base::parse_json(base::read_file(places_.keys()), places_.keys().string());
    if (base::string_or(json, "boot", "") != boot_) {
        return;
    }
    std::vector<KeyRecord> records;
    for (const auto& [key, text] : json.at("keys").items()) {
        records.push_back(parse_key_record(key, text.get<std::string>()));
    }
    table_ = KeyTable(Side::guest, records);
    last_event_id_ = json.at("last_event").get<std::uint64_t>();
    for (const base::Json& event : json.at("events")) {
        events_.push_back(GuestEvent{.id = event.at("id").get<std::uint64_t>(),
                                     .boot = boot_,
                                     .text = event.at("text").get<std::string>(),
                                     .unix_ms = event.at("time").get<std::int64_t>()});
    }
}

void GuestState::save(const KeyTable& table) const {
    base::Json keys = base::Json::object();
    auto& list = keys.get_ref<base::Json::object_t&>();
    for (const KeyRecord& record : table.records()) {
        list.push_back({record.key, to_json_text(record)});  // sorted and unique already
    }
    base::Json events = base::Json::array();
    for (const GuestEvent& event : events_) {
        events.push_back({{"id", event.id}, {"text", event.text}, {"time", event.unix_ms}});
    }
    const base::Json json = {
        {"boot", boot_}, {"last_event", last_event_id_}, {"events", events}, {"keys", keys}};
    base::write_file(places_.keys(), base::to_json_text(json) + "\n", 0600);
}

KeyTable::Applied GuestState::commit(std::span<const KeyRecord> records) {
    if (records.empty()) {
        return {};
    }
    KeyTable changed = table_;
    KeyTable::Applied applied = changed.apply(records);
    save(changed);
    table_ = std::move(changed);
    return applied;
}

KeyTable::Applied GuestState::set(std::span<const KeyWrite> writes) {
    return commit(table_.plan_set(writes));
}

KeyTable::Applied GuestState::receive(std::span<const RemoteKey> keys, bool snapshot) {
    const std::vector<KeyRecord> records =
        snapshot ? table_.plan_remote_snapshot(keys) : table_.plan_remote(keys);
    std::map<std::string, std::string> before = read_properties(places_);
    for (const KeyRecord& record : records) {
        if (const std::optional<KeyEntry> entry = table_.find(record.key)) {
            before[record.key] = entry->value;
        }
    }
    KeyTable::Applied applied = commit(records);
    std::erase_if(applied.visible, [&](const KeyEntry& entry) {
        const auto found = before.find(entry.key);
        return !entry.deleted && found != before.end() && found->second == entry.value;
    });
    return applied;
}

GuestEvent GuestState::add_event(const std::string& text) {
    check_event(text);
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    events_.push_back(
        GuestEvent{.id = ++last_event_id_, .boot = boot_, .text = text, .unix_ms = now.count()});
    if (events_.size() > kMostEvents) {
        base::log(base::LogLevel::warn, "guest", "event {} is dropped: the host is away too long",
                  events_.front().id);
        events_.pop_front();
    }
    save(table_);
    return events_.back();
}

void GuestState::forget_events(std::uint64_t up_to_id) {
    bool any = false;
    while (!events_.empty() && events_.front().id <= up_to_id) {
        events_.pop_front();
        any = true;
    }
    if (any) {
        save(table_);
    }
}

std::optional<KeyEntry> GuestState::find(const std::string& key) const {
    if (std::optional<KeyEntry> entry = table_.find(key)) {
        return entry;
    }
    const auto properties = read_properties(places_);
    const auto found = properties.find(key);
    return found == properties.end() ? std::nullopt
                                     : std::optional(property_entry(key, found->second));
}

std::vector<KeyEntry> GuestState::list(const std::string& prefix) const {
    std::map<std::string, KeyEntry> all;
    for (const auto& [key, value] : read_properties(places_)) {
        if (key.starts_with(prefix)) {
            all[key] = property_entry(key, value);
        }
    }
    for (KeyEntry& entry : table_.list(prefix)) {
        all[entry.key] = entry;
    }
    std::vector<KeyEntry> entries;
    for (auto& [key, entry] : all) {
        entries.push_back(std::move(entry));
    }
    return entries;
}

}  // namespace hvruntime::agent
