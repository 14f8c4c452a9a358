// SPDX-License-Identifier: Apache-2.0
// RFC 3161 time stamps: a time-stamping authority (TSA) signs the digest of some data together with
// its clock, so that the data can be shown to have existed then. Asking one, being a small one
// (for tests and places without a network), and checking a token. DER inside, one PEM block
// outside.
#pragma once

#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/signature.h"

namespace base {

struct TimestampInfo {
    std::time_t time = 0;
    std::string authority;  // subject of the TSA's certificate; empty when it is not in the token
    std::string serial;     // hex
    bool weak_digest = false;  // SHA-1 or MD5 of the data
};

// A token over `data`, in DER. Throws invalid_input when it is none.
TimestampInfo parse_timestamp(std::string_view token, std::string_view name);

struct TimestampVerdict {
    bool fits = false;     // it is a TSA's signature over these data
    bool trusted = false;  // and a chain leads from the TSA to the anchors, valid at `now`
    std::string reason;    // why not
};
TimestampVerdict check_timestamp(std::string_view token, std::string_view data,
                                 std::span<const Certificate> anchors, std::time_t now);

// Sends the digest of `data` (SHA-256, with a nonce) to a TSA by HTTP(S) and returns its token once
// it answers what was asked. Throws external, invalid_input or what http_call() throws.
std::string request_timestamp(const std::string& url, std::string_view data);

// Makes the token here. The first certificate of the chain is the TSA's; it must be made for time
// stamping (a critical extended key usage timeStamping and nothing else), else invalid_input.
std::string make_timestamp(const PrivateKey& key, std::span<const Certificate> chain,
                           std::string_view data);

// The token as a PEM block "TIMESTAMP TOKEN", and the first such block of a text.
std::string timestamp_to_pem(std::string_view token);
std::optional<std::string> find_timestamp_pem(std::string_view text);
inline constexpr const char* kTimestampPemLabel = "TIMESTAMP TOKEN";

}  // namespace base
