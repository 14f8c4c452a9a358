// SPDX-License-Identifier: Apache-2.0
// What opens encrypted volumes, in virt-customize's words: "ID:key:STRING", "ID:file:FILENAME",
// where ID is libguestfs's name of the device ("/dev/sda2"), its LUKS UUID, or "all". Keys are in
// memory only: no message, log or command line has them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

struct GuestKey {
    std::string id;      // "all" for every device
    std::string secret;  // one line, never empty
};

// Throws usage for another form, not_found for a missing file, invalid_input for a file without a
// key, unsupported for selectors that virt-customize has and we do not.
GuestKey parse_guest_key(const std::string& selector);
std::vector<GuestKey> parse_guest_keys(const std::vector<std::string>& selectors);

// The first line of a file.
std::string read_guest_key(const std::string& file);

// Those that are for a device, in the order in which they were given.
std::vector<GuestKey> keys_for(const std::vector<GuestKey>& keys, std::string_view device,
                               std::string_view uuid);

}  // namespace imagebuilder
