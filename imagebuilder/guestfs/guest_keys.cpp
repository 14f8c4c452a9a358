// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/guestfs/guest_keys.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/letter_case.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kMostKeyBytes = 4096;
constexpr const char* kForms = "ID:key:STRING or ID:file:FILENAME; ID is a device, a UUID, or all";

}  // namespace

std::string read_guest_key(const std::string& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        throw Error(ErrorKind::not_found, fmt::format("there is no key file '{}'", file));
    }
    const std::string text = base::read_file(file, kMostKeyBytes);
    const std::string secret = text.substr(0, text.find('\n'));
    if (secret.empty() || secret.find('\0') != std::string::npos) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the first line of '{}' is no passphrase", file),
                    "a passphrase is a line of text; binary keys are not supported");
    }
    return secret;
}

GuestKey parse_guest_key(const std::string& selector) {
    const std::size_t first = selector.find(':');
    const std::size_t second = first == std::string::npos ? first : selector.find(':', first + 1);
    GuestKey key{.id = selector.substr(0, first), .secret = {}};
    const std::string kind =
        first == std::string::npos ? "" : selector.substr(first + 1, second - first - 1);
    if (kind == "clevis" && second == std::string::npos) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("the key of '{}' is to come from the network (clevis)", key.id),
                    std::string("give a passphrase: ") + kForms);
    }
    const std::string value = second == std::string::npos ? "" : selector.substr(second + 1);
    // The selector may hold a key: it is not repeated.
    if (key.id.empty() || value.empty() || (kind != "key" && kind != "file")) {
        throw Error(ErrorKind::usage, "a key selector has another form", kForms);
    }
    key.secret = kind == "file" ? read_guest_key(value) : value;
    if (key.secret.find('\n') != std::string::npos) {
        throw Error(ErrorKind::usage, fmt::format("the key of '{}' has several lines", key.id),
                    "a passphrase is one line");
    }
    return key;
}

std::vector<GuestKey> parse_guest_keys(const std::vector<std::string>& selectors) {
    std::vector<GuestKey> keys;
    for (const std::string& selector : selectors) {
        keys.push_back(parse_guest_key(selector));
    }
    return keys;
}

std::vector<GuestKey> keys_for(const std::vector<GuestKey>& keys, std::string_view device,
                               std::string_view uuid) {
    std::vector<GuestKey> fitting;
    for (const GuestKey& key : keys) {
        if (key.id == "all" || key.id == device ||
            (!uuid.empty() && base::to_lower(key.id) == base::to_lower(uuid))) {
            fitting.push_back(key);
        }
    }
    return fitting;
}

}  // namespace imagebuilder
