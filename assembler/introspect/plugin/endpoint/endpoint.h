// SPDX-License-Identifier: Apache-2.0
// Addresses as programs write them, taken apart: URLs (with several hosts too), JDBC, DSNs of
// libpq, PDO, ADO and Go, host:port, unix sockets. Every part keeps the place it was written at.
// Pure functions; texts are a stranger's and may be anything.
#pragma once

#include <string>
#include <vector>

#include "assembler/introspect/plugin/lens/traced_text.h"

namespace assembler::plugin {

struct Endpoint {
    std::string scheme;   // as written, in lower case: "postgresql+psycopg2", "jdbc:" left out
    TracedText host;      // without brackets; empty: none is written
    TracedText port;      // digits; empty: none is written
    TracedText database;  // or virtual host, service name, SID
    TracedText password;
    std::string socket;  // a unix socket's path; then there is no host
};

// What a client is told. Empty when nothing in it looks like an address.
std::vector<Endpoint> parse_endpoints(const TracedText& text);

// What a server is told to listen on: "80", "*:80", "[::]:80", "10.0.0.5", "unix:/run/x.sock",
// "http://0.0.0.0:8000". A number alone is a port.
std::vector<Endpoint> parse_listen_endpoints(const TracedText& text);

// A name or an address that can be connected to; neither a placeholder nor a wildcard.
bool is_host(std::string_view text);

}  // namespace assembler::plugin
