// SPDX-License-Identifier: Apache-2.0
// What the guest channel carries: keys with a value from the host, from the guest or from both,
// each value with a revision. Plain data and the limits both sides keep to. Values are UTF-8 text
// without control characters other than tab, newline and carriage return (anything else: encode
// it).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hvruntime {

enum class Side { host, guest };
std::string_view to_string(Side side);
constexpr Side other_side(Side side) {
    return side == Side::host ? Side::guest : Side::host;
}

constexpr std::size_t kMaxKeyBytes = 256;
constexpr std::size_t kMaxValueBytes = 64U << 10U;
constexpr std::size_t kMaxKeysPerSide = 4096;        // deletions in memory count too
constexpr std::size_t kMaxBytesPerSide = 8U << 20U;  // keys and values together
constexpr std::size_t kMaxEventBytes = 4096;

// Throw Error(invalid_input) naming the key. A key is 1 to 256 bytes of UTF-8 without white space
// and control characters, and does not start with '-'. The value is not quoted in the message.
void check_key(std::string_view key);
void check_value(std::string_view key, std::string_view value);
void check_event(std::string_view text);

// One side's last word on a key.
struct KeyVersion {
    std::string value;
    std::uint64_t revision = 0;
    bool secret = false;   // passwords: never logged, masked in lists
    bool deleted = false;  // this side removed the other side's value
    bool operator==(const KeyVersion&) const = default;
};

// All that is known of a key. With neither side the key is gone: a store removes the record.
struct KeyRecord {
    std::string key;
    std::optional<KeyVersion> host;
    std::optional<KeyVersion> guest;
    bool operator==(const KeyRecord&) const = default;
};

// What a reader of the key sees: the version with the higher revision, the host's when they tie.
struct KeyEntry {
    std::string key;
    std::string value;
    Side owner = Side::host;  // who set it
    std::uint64_t revision = 0;
    bool secret = false;
    bool deleted = false;  // only in notices of a change: the key has gone
    bool operator==(const KeyEntry&) const = default;
};
std::optional<KeyEntry> visible_entry(const KeyRecord& record);

// A request to set (value) or delete (no value) a key. A key once secret stays secret until
// deleted.
struct KeyWrite {
    std::string key;
    std::optional<std::string> value;
    bool secret = false;
};

// `ovmd -e` in new clothes: something the guest wants to be known. `id` counts up within a boot.
struct GuestEvent {
    std::uint64_t id = 0;
    std::string boot;
    std::string text;
    std::int64_t unix_ms = 0;  // by the guest's clock
};

// For the stores: one record as JSON text. parse throws invalid_input.
std::string to_json_text(const KeyRecord& record);
KeyRecord parse_key_record(std::string_view key, std::string_view json_text);

}  // namespace hvruntime
