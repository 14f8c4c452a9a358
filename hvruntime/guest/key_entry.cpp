// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/key_entry.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"

namespace hvruntime {

namespace {

[[noreturn]] void refuse(std::string message, std::string hint) {
    throw base::Error(base::ErrorKind::invalid_input, std::move(message), std::move(hint));
}

bool is_control(unsigned char byte) {
    return byte < 0x20 || byte == 0x7f;
}

// The length of the well-formed UTF-8 sequence at the start of the text, 0 when there is none
// (RFC 3629 section 4).
std::size_t sequence_length(std::string_view text) {
    const auto at = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto tails = [&](std::size_t count) {
        for (std::size_t i = 1; i <= count; ++i) {
            if ((at(i) & 0xC0U) != 0x80U) {
                return false;
            }
        }
        return true;
    };
    const unsigned first = at(0);
    const unsigned second = at(1);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return tails(1) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const bool overlong = first == 0xE0 && second < 0xA0;
        const bool surrogate = first == 0xED && second > 0x9F;
        return tails(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool overlong = first == 0xF0 && second < 0x90;
        const bool too_high = first == 0xF4 && second > 0x8F;
        return tails(3) && !overlong && !too_high ? 4 : 0;
    }
    return 0;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

base::Json version_to_json(const KeyVersion& version) {
    base::Json out = {{"value", version.value}, {"rev", version.revision}};
    if (version.secret) {
        out["secret"] = true;
    }
    if (version.deleted) {
        out["deleted"] = true;
    }
    return out;
}

std::optional<KeyVersion> version_from_json(const base::Json& record, const char* side) {
    if (!record.contains(side)) {
        return std::nullopt;
    }
    const base::Json& json = record[side];
    const auto flag = [&](const char* name) {
        return json.contains(name) && json[name].is_boolean() && json[name].get<bool>();
    };
    if (!json.is_object() || !json.contains("rev") || !json["rev"].is_number_unsigned()) {
        refuse(fmt::format("version '{}' has no revision", side), "");
    }
    return KeyVersion{.value = base::require_string(json, "value"),
                      .revision = json["rev"].get<std::uint64_t>(),
                      .secret = flag("secret"),
                      .deleted = flag("deleted")};
}

}  // namespace

std::string_view to_string(Side side) {
    return side == Side::host ? "host" : "guest";
}

void check_key(std::string_view key) {
    if (key.empty() || key.size() > kMaxKeyBytes) {
        refuse(fmt::format("a key of {} bytes is not possible", key.size()),
               fmt::format("keys have 1 to {} bytes", kMaxKeyBytes));
    }
    if (!is_utf8(key)) {
        refuse("a key is not UTF-8", "write keys in UTF-8");
    }
    const bool bad = std::any_of(key.begin(), key.end(), [](char c) {
        return c == ' ' || is_control(static_cast<unsigned char>(c));
    });
    if (bad || key.front() == '-') {
        refuse(fmt::format("'{}' is not a key", key),
               "keys have no white space, no control characters and do not start with '-'");
    }
}

void check_value(std::string_view key, std::string_view value) {
    if (value.size() > kMaxValueBytes) {
        refuse(fmt::format("the value of key '{}' has {} bytes", key, value.size()),
               fmt::format("a value has at most {} bytes", kMaxValueBytes));
    }
    const bool control = std::any_of(value.begin(), value.end(), [](char c) {
        return is_control(static_cast<unsigned char>(c)) && c != '\t' && c != '\n' && c != '\r';
    });
    if (control || !is_utf8(value)) {
        refuse(fmt::format("the value of key '{}' is not plain text", key),
               "values are UTF-8 without control characters; encode anything else, say in base64");
    }
}

void check_event(std::string_view text) {
    if (text.empty() || text.size() > kMaxEventBytes) {
        refuse(fmt::format("an event of {} bytes is not possible", text.size()),
               fmt::format("events have 1 to {} bytes", kMaxEventBytes));
    }
    check_value("event", text);
}

std::optional<KeyEntry> visible_entry(const KeyRecord& record) {
    if (!record.host && !record.guest) {
        return std::nullopt;
    }
    const bool host_wins =
        record.host && (!record.guest || record.host->revision >= record.guest->revision);
    const KeyVersion& version = host_wins ? *record.host : *record.guest;
    if (version.deleted) {
        return std::nullopt;
    }
    return KeyEntry{.key = record.key,
                    .value = version.value,
                    .owner = host_wins ? Side::host : Side::guest,
                    .revision = version.revision,
                    .secret = version.secret};
}

std::string to_json_text(const KeyRecord& record) {
    base::Json out = base::Json::object();
    if (record.host) {
        out["host"] = version_to_json(*record.host);
    }
    if (record.guest) {
        out["guest"] = version_to_json(*record.guest);
    }
    return base::to_json_text(out);
}

KeyRecord parse_key_record(std::string_view key, std::string_view json_text) {
    return base::in_context(fmt::format("stored key '{}'", key), [&] {
        const base::Json json = base::parse_json(json_text, "the record");
        return KeyRecord{.key = std::string(key),
                         .host = version_from_json(json, "host"),
                         .guest = version_from_json(json, "guest")};
    });
}

}  // namespace hvruntime
