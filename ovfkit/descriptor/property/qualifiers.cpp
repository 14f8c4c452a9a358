// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/property/qualifiers.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "ovfkit/xml/names.h"

namespace ovfkit {

namespace {

bool is_name_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
}

bool is_separator(char c) {
    return c == ',' || c == ';' || std::isspace(static_cast<unsigned char>(c)) != 0;
}

class QualifierParser {
  public:
    explicit QualifierParser(std::string_view text) : rest_(text) {}

    Qualifiers parse() {
        while (skip_separators(), !rest_.empty() && found_.fault.empty()) {
            const auto length = static_cast<std::size_t>(
                std::find_if_not(rest_.begin(), rest_.end(), is_name_char) - rest_.begin());
            if (length == 0) {
                found_.fault = fmt::format("'{}'", rest_.substr(0, 20));
                break;
            }
            const std::string name(rest_.substr(0, length));
            rest_.remove_prefix(length);
            const std::vector<std::string> arguments = take_arguments();
            if (found_.fault.empty()) {
                apply(name, arguments);
            }
        }
        return std::move(found_);
    }

  private:
    void skip_separators() {
        while (!rest_.empty() && is_separator(rest_.front())) {
            rest_.remove_prefix(1);
        }
    }

    // One argument up to a comma or the bracket; quotes of both kinds hold everything but
    // themselves, and a backslash holds the next character.
    std::string take_argument(char close) {
        rest_ = rest_.substr(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
        std::string argument;
        if (!rest_.empty() && (rest_.front() == '"' || rest_.front() == '\'')) {
            const char quote = rest_.front();
            rest_.remove_prefix(1);
            while (!rest_.empty() && rest_.front() != quote) {
                if (rest_.front() == '\\' && rest_.size() > 1) {
                    rest_.remove_prefix(1);
                }
                argument += rest_.front();
                rest_.remove_prefix(1);
            }
            rest_.remove_prefix(rest_.empty() ? 0 : 1);
            rest_ = rest_.substr(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
            return argument;
        }
        const std::size_t end =
            std::min(rest_.find_first_of(std::string{',', close}), rest_.size());
        argument = xml::trimmed(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return argument;
    }

    std::vector<std::string> take_arguments() {
        std::vector<std::string> arguments;
        if (rest_.empty() || (rest_.front() != '(' && rest_.front() != '{')) {
            return arguments;
        }
        const char close = rest_.front() == '(' ? ')' : '}';
        rest_.remove_prefix(1);
        while (true) {
            arguments.push_back(take_argument(close));
            if (rest_.empty() || (rest_.front() != ',' && rest_.front() != close)) {
                found_.fault = fmt::format("a '{}' is missing", close);
                return arguments;
            }
            const bool is_last = rest_.front() == close;
            rest_.remove_prefix(1);
            if (is_last) {
                break;
            }
        }
        if (arguments.size() == 1 && arguments.front().empty()) {
            arguments.clear();
        }
        return arguments;
    }

    template <typename T>
    std::optional<T> number(const std::string& name, const std::vector<std::string>& arguments) {
        T value{};
        if (arguments.size() == 1) {
            const std::string& text = arguments.front();
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value);
            if (error == std::errc{} && end == text.data() + text.size()) {
                return value;
            }
        }
        found_.fault = fmt::format("{} needs one number", name);
        return std::nullopt;
    }

    void apply(const std::string& name, const std::vector<std::string>& arguments) {
        if (name == "MinLen") {
            found_.min_length = number<std::uint64_t>(name, arguments);
        } else if (name == "MaxLen") {
            found_.max_length = number<std::uint64_t>(name, arguments);
        } else if (name == "MinValue") {
            found_.min_value = number<double>(name, arguments);
        } else if (name == "MaxValue") {
            found_.max_value = number<double>(name, arguments);
        } else if (name == "ValueMap") {
            found_.value_map = arguments;
        } else if (name == "Ip" || name == "vmw:Ip") {
            found_.is_ip = true;
            found_.ip_network = arguments.empty() ? "" : arguments.front();
        } else {
            found_.unknown.push_back(name);
        }
    }

    std::string_view rest_;
    Qualifiers found_;
};

}  // namespace

Qualifiers parse_qualifiers(std::string_view text) {
    return QualifierParser(text).parse();
}

}  // namespace ovfkit
