// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/env/config/config_template.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"
#include "ovfkit/env/config/config_schema.h"

namespace ovfkit {

namespace {

struct ConfigFilterName {
    ConfigFilter filter;
    std::string_view name;
};

constexpr std::array<ConfigFilterName, 3> kFilters{{{ConfigFilter::base64, "base64"},
                                                    {ConfigFilter::quote_shell, "quote-shell"},
                                                    {ConfigFilter::quote_json, "quote-json"}}};

class TemplateParser {
  public:
    explicit TemplateParser(std::string_view text) : all_(text), rest_(text) {}

    std::vector<ConfigTemplatePart> parse() {
        std::vector<ConfigTemplatePart> parts;
        std::string literal;
        const auto end_literal = [&] {
            if (!literal.empty()) {
                parts.push_back({.text = std::move(literal)});
                literal.clear();
            }
        };
        while (!rest_.empty()) {
            if (take("$${")) {
                literal += "${";
            } else if (take("${")) {
                end_literal();
                parts.push_back(place());
            } else {
                literal += rest_.front();
                rest_.remove_prefix(1);
            }
        }
        end_literal();
        return parts;
    }

  private:
    bool take(std::string_view word) {
        if (!rest_.starts_with(word)) {
            return false;
        }
        rest_.remove_prefix(word.size());
        return true;
    }

    [[noreturn]] void fail(std::string_view why) const {
        const auto read = all_.substr(0, all_.size() - rest_.size());
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("line {}: {}", std::count(read.begin(), read.end(), '\n') + 1, why),
            "write $${ for a ${ that is not muster's");
    }

    // Behind "${".
    ConfigTemplatePart place() {
        const std::size_t end = rest_.find_first_of(":}\n");
        if (end == std::string_view::npos || rest_[end] == '\n') {
            fail("a ${ has no }");
        }
        ConfigTemplatePart part;
        part.key = rest_.substr(0, end);
        if (!is_config_key_name(part.key)) {
            fail(fmt::format("'{}' cannot be the name of a key", part.key.substr(0, 80)));
        }
        rest_.remove_prefix(end);
        if (take(":join \"")) {
            part.filter = ConfigFilter::join;
            part.between = joint();
        } else if (take(":")) {
            part.filter = filter();
        }
        if (!take("}")) {
            fail(fmt::format("the place of '{}' does not end with }}", part.key));
        }
        return part;
    }

    ConfigFilter filter() {
        const std::string_view name = rest_.substr(0, rest_.find('}'));
        for (const ConfigFilterName& known : kFilters) {
            if (known.name == name) {
                rest_.remove_prefix(name.size());
                return known.filter;
            }
        }
        fail(
            fmt::format("unknown filter '{}': there are base64, quote-shell, quote-json and "
                        "join \"…\"",
                        name.substr(0, 40)));
    }

    // Up to the closing quote. One level only: a text between words holds no quote.
    std::vector<ConfigTemplatePart> joint() {
        const std::size_t end = rest_.find('"');
        if (end == std::string_view::npos) {
            fail("the text of a join has no end");
        }
        const std::string_view text = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return TemplateParser(text).parse();
    }

    std::string_view all_;
    std::string_view rest_;
};

std::string config_base64(std::string_view bytes) {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::string_view group = bytes.substr(i, 3);
        unsigned bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            bits = bits << 8U | (j < group.size() ? static_cast<unsigned char>(group[j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            text += j <= group.size() ? kLetters[bits >> (18 - 6 * j) & 63U] : '=';
        }
    }
    return text;
}

std::string config_shell_quote(std::string_view value) {
    std::string text = "'";
    for (const char c : value) {
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return text + "'";
}

std::string join_words(std::string_view list, const std::string& between) {
    std::string text;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find_first_of(", "), list.size());
        if (end > 0) {
            text += (text.empty() ? "" : between) + std::string(list.substr(0, end));
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return text;
}

std::optional<std::string> expand_part(const ConfigTemplatePart& part, const ConfigLookup& find) {
    if (part.key.empty()) {
        return part.text;
    }
    const std::optional<std::string> value = find(part.key);
    if (!value) {
        return std::nullopt;
    }
    switch (part.filter) {
        case ConfigFilter::none: return value;
        case ConfigFilter::base64: return config_base64(*value);
        case ConfigFilter::quote_shell: return config_shell_quote(*value);
        case ConfigFilter::quote_json: return base::to_json_text(base::Json(*value));
        case ConfigFilter::join: {
            const auto between = expand_config_template(part.between, find);
            return between ? std::optional(join_words(*value, *between)) : std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<ConfigTemplatePart> parse_config_template(std::string_view text) {
    return TemplateParser(text).parse();
}

std::set<std::string> keys_of(const std::vector<ConfigTemplatePart>& parts) {
    std::set<std::string> keys;
    for (const ConfigTemplatePart& part : parts) {
        if (!part.key.empty()) {
            keys.insert(part.key);
        }
        keys.merge(keys_of(part.between));
    }
    return keys;
}

std::optional<std::string> expand_config_template(const std::vector<ConfigTemplatePart>& parts,
                                                  const ConfigLookup& find) {
    std::string text;
    for (const ConfigTemplatePart& part : parts) {
        const auto piece = expand_part(part, find);
        if (!piece) {
            return std::nullopt;
        }
        text += *piece;
    }
    return text;
}

std::string escape_config_template(std::string_view text) {
    std::string escaped;
    for (std::size_t i = 0; i < text.size(); ++i) {
        escaped += text.substr(i).starts_with("${") ? "$$" : std::string(1, text[i]);
    }
    return escaped;
}

}  // namespace ovfkit
