// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/env/config/config_value.h"

#include <arpa/inet.h>
#include <regex.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"

namespace ovfkit {

namespace {

using ConfigFault = std::optional<std::string>;

constexpr std::size_t kLongestValue = std::size_t{64} << 10U;  // as on the guest's channel
constexpr std::size_t kLongestPattern = 256;

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

bool is_one_line_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7f) || c == '\t';
    });
}

bool is_ip_text(std::string_view text) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    const std::string copy(text);
    return copy.find('\0') == std::string::npos &&
           (::inet_pton(AF_INET, copy.c_str(), address.data()) == 1 ||
            ::inet_pton(AF_INET6, copy.c_str(), address.data()) == 1);
}

// RFC 1123 2.1, and '_' as in names of services.
bool is_name_text(std::string_view text) {
    if (text.ends_with('.')) {
        text.remove_suffix(1);
    }
    if (text.empty() || text.size() > 253) {
        return false;
    }
    while (true) {
        const std::string_view label = text.substr(0, text.find('.'));
        const bool good = !label.empty() && label.size() <= 63 && label.front() != '-' &&
                          label.back() != '-' &&
                          std::all_of(label.begin(), label.end(), [](unsigned char c) {
                              return std::isalnum(c) != 0 || c == '-' || c == '_';
                          });
        if (!good) {
            return false;
        }
        if (label.size() == text.size()) {
            return true;
        }
        text.remove_prefix(label.size() + 1);
    }
}

bool is_host_text(std::string_view text) {
    return is_ip_text(text) || is_name_text(text);
}

bool are_hosts(std::string_view text) {
    std::size_t count = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(", "), text.size());
        if (end > 0) {
            if (!is_host_text(text.substr(0, end))) {
                return false;
            }
            ++count;
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return count > 0;
}

// RFC 3986 3: a scheme and an authority; spaces and quotes have to be encoded.
bool is_url_text(std::string_view text) {
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos || colon == 0 ||
        std::isalpha(static_cast<unsigned char>(text.front())) == 0) {
        return false;
    }
    const bool good_scheme = std::all_of(
        text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
        [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; });
    const std::string_view rest = text.substr(colon + 3);
    return good_scheme && !rest.empty() && rest.front() != '/' &&
           std::all_of(rest.begin(), rest.end(), [](unsigned char c) {
               return c > 0x20 && c < 0x7f &&
                      std::string_view("\"<>\\^`{|}").find(static_cast<char>(c)) ==
                          std::string_view::npos;
           });
}

bool is_email_text(std::string_view text) {
    const std::size_t at = text.rfind('@');
    return at != std::string_view::npos && at > 0 && at <= 64 &&
           is_name_text(text.substr(at + 1)) &&
           std::all_of(
               text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), [](unsigned char c) {
                   return std::isalnum(c) != 0 ||
                          std::string_view("!#$%&'*+-/=?^_`{|}~.").find(static_cast<char>(c)) !=
                              std::string_view::npos;
               });
}

bool is_amount(ConfigType type, std::string_view text) {
    try {
        parse_config_limit(type, text);
        return true;
    } catch (const base::Error&) {
        return false;
    }
}

ConfigFault type_fault(ConfigType type, std::string_view value) {
    const auto unless = [](bool good, const char* fault) {
        return good ? ConfigFault() : ConfigFault(fault);
    };
    switch (type) {
        case ConfigType::integer:
            return unless(whole_number(value).has_value(), "is not a whole number");
        case ConfigType::boolean:
            return unless(value == "true" || value == "false", "is neither true nor false");
        case ConfigType::port: {
            const auto number = whole_number(value);
            return unless(number && *number >= 1 && *number <= 65'535,
                          "is not a port (1 to 65535)");
        }
        case ConfigType::host:
            return unless(is_host_text(value), "is neither a host name nor an address");
        case ConfigType::hosts:
            return unless(are_hosts(value), "is not a list of host names or addresses");
        case ConfigType::ip: return unless(is_ip_text(value), "is not an IP address");
        case ConfigType::url: return unless(is_url_text(value), "is not a URL");
        case ConfigType::email: return unless(is_email_text(value), "is not an e-mail address");
        case ConfigType::size:
            return unless(is_amount(type, value), "is not a size, such as 64 MiB");
        case ConfigType::duration:
            return unless(is_amount(type, value), "is not a duration, such as 30 s");
        case ConfigType::string:
        case ConfigType::password:
        case ConfigType::enumeration:
            return unless(is_one_line_text(value), "has line ends or control characters");
    }
    return std::nullopt;
}

bool is_measured_by_number(ConfigType type) {
    return type == ConfigType::integer || type == ConfigType::port || type == ConfigType::size ||
           type == ConfigType::duration;
}

std::int64_t characters_of(std::string_view value) {
    return std::count_if(value.begin(), value.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

ConfigFault limit_fault(const ConfigKey& key, std::string_view value) {
    if (!key.minimum && !key.maximum) {
        return std::nullopt;
    }
    if (is_measured_by_number(key.type)) {
        const std::int64_t amount = parse_config_limit(key.type, value);
        const std::string_view unit = key.type == ConfigType::size       ? " bytes"
                                      : key.type == ConfigType::duration ? " ms"
                                                                         : "";
        if (key.minimum && amount < *key.minimum) {
            return fmt::format("is less than {}{}", *key.minimum, unit);
        }
        if (key.maximum && amount > *key.maximum) {
            return fmt::format("is more than {}{}", *key.maximum, unit);
        }
        return std::nullopt;
    }
    const std::int64_t length = characters_of(value);
    if (key.minimum && length < *key.minimum) {
        return fmt::format("is shorter than {} characters", *key.minimum);
    }
    if (key.maximum && length > *key.maximum) {
        return fmt::format("is longer than {} characters", *key.maximum);
    }
    return std::nullopt;
}

// The C library's: no recursion over the value, and already in every static program.
class Pattern {
  public:
    explicit Pattern(const std::string& text) {
        const std::string whole = "^(" + text + ")$";
        good_ = text.size() <= kLongestPattern && text.find('\0') == std::string::npos &&
                ::regcomp(&regex_, whole.c_str(), REG_EXTENDED | REG_NOSUB) == 0;
    }
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;
    ~Pattern() {
        if (good_) {
            ::regfree(&regex_);
        }
    }
    bool good() const { return good_; }
    bool matches(std::string_view value) const {
        const std::string copy(value);
        return copy.find('\0') == std::string::npos &&
               ::regexec(&regex_, copy.c_str(), 0, nullptr, 0) == 0;
    }

  private:
    regex_t regex_{};
    bool good_ = false;
};

ConfigFault pattern_fault(const ConfigKey& key, std::string_view value) {
    if (key.pattern.empty()) {
        return std::nullopt;
    }
    const Pattern pattern(key.pattern);
    return pattern.good() && pattern.matches(value) ? ConfigFault()
                                                    : fmt::format("does not match {}", key.pattern);
}

}  // namespace

std::int64_t parse_config_limit(ConfigType type, std::string_view text) {
    if (type == ConfigType::size || type == ConfigType::duration) {
        const std::uint64_t amount =
            type == ConfigType::size ? base::parse_byte_size(text) : base::parse_duration_ms(text);
        if (amount > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("'{}' is too much", text));
        }
        return static_cast<std::int64_t>(amount);
    }
    const auto number = whole_number(text);
    if (!number) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is not a whole number", text));
    }
    return *number;
}

std::optional<std::string> find_config_fault(const ConfigKey& key, std::string_view value) {
    if (value.size() > kLongestValue) {
        return "is too long";
    }
    if (ConfigFault fault = type_fault(key.type, value)) {
        return fault;
    }
    if (ConfigFault fault = limit_fault(key, value)) {
        return fault;
    }
    if (!key.values.empty() &&
        std::find(key.values.begin(), key.values.end(), value) == key.values.end()) {
        return fmt::format("is not one of {}", fmt::join(key.values, ", "));
    }
    return pattern_fault(key, value);
}

std::optional<std::string> find_key_fault(const ConfigKey& key) {
    if (key.minimum && key.maximum && *key.minimum > *key.maximum) {
        return "its min is more than its max";
    }
    if (key.type == ConfigType::boolean && (key.minimum || key.maximum)) {
        return "a bool has no min and max";
    }
    if (key.type == ConfigType::enumeration && key.values.empty()) {
        return "an enum needs values";
    }
    if (!key.pattern.empty() && !Pattern(key.pattern).good()) {
        return "its pattern is not an extended regular expression";
    }
    for (const std::string& value : key.values) {
        if (const ConfigFault fault = type_fault(key.type, value)) {
            return fmt::format("its value '{}' {}", value, *fault);
        }
    }
    if (key.default_value) {
        if (const ConfigFault fault = find_config_fault(key, *key.default_value)) {
            return "its default " + *fault;
        }
    }
    return std::nullopt;
}

bool is_config_value(const ConfigKey& key, std::string_view value) {
    return !value.empty() || (key.type == ConfigType::string && key.default_value.has_value());
}

}  // namespace ovfkit
