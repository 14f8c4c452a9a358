// SPDX-License-Identifier: Apache-2.0
// The forms of data source names that are no URLs. Internal to endpoint.cpp.
#pragma once

#include <vector>

#include "assembler/introspect/plugin/endpoint/endpoint.h"

namespace assembler::plugin {

// "host:port", "[address]:port", "host", ":port" into `endpoint`.
void split_host_port(const TracedText& text, Endpoint& endpoint);

// What follows "jdbc:".
std::vector<Endpoint> parse_jdbc(const TracedText& text);

// "host=db port=5432 dbname=shop" (libpq), "mysql:host=db;dbname=shop" (PDO),
// "Server=db,1433;Database=shop" (ADO); empty when it names no host.
std::vector<Endpoint> parse_key_dsn(const TracedText& text);

}  // namespace assembler::plugin
