// SPDX-License-Identifier: Apache-2.0
// The text of a configuration file with the places of values in it:
//   ${db.host}                        the value of that key
//   ${title:base64}                   and so with quote-shell and quote-json, which add the quotes
//   ${app.hosts:join ":${p}; server "}  the words of a list with that text, itself a template,
//                                     between them
//   $${                               the text "${"
// No logic: whatever needs one is for a hook.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ovfkit {

enum class ConfigFilter { none, base64, quote_shell, quote_json, join };

struct ConfigTemplatePart {
    std::string text;  // when there is no key
    std::string key;
    ConfigFilter filter = ConfigFilter::none;
    std::vector<ConfigTemplatePart> between;  // of join

    bool operator==(const ConfigTemplatePart&) const = default;
};

// Throws invalid_input with the line.
std::vector<ConfigTemplatePart> parse_config_template(std::string_view text);

std::set<std::string> keys_of(const std::vector<ConfigTemplatePart>& parts);

// nullopt when a key has no value.
using ConfigLookup = std::function<std::optional<std::string>(const std::string& key)>;
std::optional<std::string> expand_config_template(const std::vector<ConfigTemplatePart>& parts,
                                                  const ConfigLookup& find);

// The text as a template that expands to it.
std::string escape_config_template(std::string_view text);

}  // namespace ovfkit
