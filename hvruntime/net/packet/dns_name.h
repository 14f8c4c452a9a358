// SPDX-License-Identifier: Apache-2.0
// Domain names on the wire (RFC 1035, 3.1) and as text: lower case, without the final dot.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hvruntime/net/packet/wire.h"

namespace hvruntime::net {

// `name` is a valid domain name; labels beyond 63 bytes are cut, empty ones left out.
void write_dns_name(WireWriter& out, std::string_view name);
// Reads one uncompressed name. Bytes that are not letters, digits, '-' or '_' become '?', which no
// name of ours has. nullopt: malformed or longer than 255 bytes.
std::optional<std::string> read_dns_name(WireReader& in);

}  // namespace hvruntime::net
