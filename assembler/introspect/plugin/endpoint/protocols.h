// SPDX-License-Identifier: Apache-2.0
// What is known of protocols: their names here, usual ports, the schemes of URLs, the words that
// speak of them in names of settings, and their form under TLS. A table; no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assembler::plugin {

// Of "postgres", "postgresql+psycopg2", "rediss", …; nothing for a scheme that is not known.
std::optional<std::string> find_protocol_of_scheme(std::string_view scheme);
// Of a name such as "DB_POSTGRES_HOST" or "rabbitmqUrl": by one of its words.
std::optional<std::string> find_protocol_of_words(std::string_view name);
std::optional<std::string> find_protocol_of_port(std::uint16_t port);
// 0: it has none.
std::uint16_t usual_port(std::string_view protocol);
// "http" to "https"; itself when it has no such form or is one.
std::string tls_form(std::string_view protocol);

}  // namespace assembler::plugin
