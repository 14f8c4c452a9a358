// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/registry/reg_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/letter_case.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint32_t kText = 1;
constexpr std::uint32_t kBinary = 3;
constexpr std::uint32_t kDword = 4;
constexpr std::string_view kCurrentControlSet = "currentcontrolset";

// Lines with their numbers, those that a backslash continues as one.
struct NumberedLine {
    std::string text;
    int number = 0;
};

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::vector<NumberedLine> lines_of_reg(std::string_view text) {
    std::vector<NumberedLine> lines;
    int number = 0;
    bool continues = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (!continues) {
            lines.push_back({"", number});
        }
        // Only the digits of hex values go on in the next line.
        std::string& whole = lines.back().text;
        continues = line.ends_with('\\') && (continues || line.find("=hex") != line.npos);
        whole += continues ? line.substr(0, line.size() - 1) : line;
    }
    return lines;
}

class RegParser {
  public:
    explicit RegParser(std::string name) : name_(std::move(name)) {}

    std::vector<RegistryKey> parse(const std::string& text) {
        bool has_header = false;
        for (const NumberedLine& line : lines_of_reg(text)) {
            line_ = line.number;
            if (line.text.empty() || line.text.starts_with(';')) {
                continue;
            }
            if (!has_header) {
                has_header = true;
                if (line.text != "Windows Registry Editor Version 5.00" &&
                    line.text != "REGEDIT4") {
                    fail("the first line is not 'Windows Registry Editor Version 5.00'");
                }
            } else if (line.text.starts_with('[')) {
                add_key(line.text);
            } else {
                add_value(line.text);
            }
        }
        if (keys_.empty()) {
            throw Error(ErrorKind::invalid_input, fmt::format("{} has no keys", name_));
        }
        return std::move(keys_);
    }

  private:
    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ErrorKind::invalid_input, fmt::format("{}:{}: {}", name_, line_, what));
    }

    // Which hive, and the path below it.
    void set_hive(RegistryKey& key, std::vector<std::string> path) const {
        const std::string top = base::to_lower(path.empty() ? "" : path[0]);
        const std::string second = base::to_lower(path.size() < 2 ? "" : path[1]);
        if (top == "hkey_classes_root" || top == "hkcr") {
            key.hive = "SOFTWARE";
            key.path = {"Classes"};
            key.path.insert(key.path.end(), path.begin() + 1, path.end());
            return;
        }
        const bool is_machine = top == "hkey_local_machine" || top == "hklm";
        for (const char* hive : {"SOFTWARE", "SYSTEM", "SAM", "SECURITY"}) {
            if (is_machine && second == base::to_lower(hive)) {
                key.hive = hive;
            }
        }
        if ((top == "hkey_users" || top == "hku") && second == ".default") {
            key.hive = "DEFAULT";
        }
        if (key.hive.empty()) {
            throw Error(
                ErrorKind::unsupported,
                fmt::format("{}:{}: keys of '{}{}{}' are not merged", name_, line_,
                            path.empty() ? "" : path[0], path.size() < 2 ? "" : "\\",
                            path.size() < 2 ? "" : path[1]),
                "SOFTWARE, SYSTEM, SAM and SECURITY of HKEY_LOCAL_MACHINE, HKEY_CLASSES_ROOT "
                "and HKEY_USERS\\.DEFAULT are; settings of users: run them at logon from "
                "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run");
        }
        key.path.assign(path.begin() + 2, path.end());
    }

    void add_key(std::string_view line) {
        if (!line.ends_with(']')) {
            fail("a key has no ']'");
        }
        line = line.substr(1, line.size() - 2);
        RegistryKey key;
        key.remove = line.starts_with('-');
        line.remove_prefix(key.remove ? 1 : 0);
        std::vector<std::string> path;
        while (!line.empty()) {
            const std::size_t end = std::min(line.find('\\'), line.size());
            if (end == 0) {
                fail("a key has an empty name");
            }
            path.emplace_back(line.substr(0, end));
            line.remove_prefix(std::min(end + 1, line.size()));
        }
        set_hive(key, std::move(path));
        if (key.remove && key.path.empty()) {
            fail("a whole hive cannot be removed");
        }
        keys_.push_back(std::move(key));
    }

    // A text in quotes at the front of `rest`, which is what follows it afterwards.
    std::string take_quoted(std::string_view& rest) const {
        std::string text;
        for (std::size_t i = 1; i < rest.size(); ++i) {
            if (rest[i] == '"') {
                rest.remove_prefix(i + 1);
                return text;
            }
            if (rest[i] == '\\' && i + 1 < rest.size()) {
                ++i;
            }
            text += rest[i];
        }
        fail("a text has no closing quote");
    }

    void add_value(std::string_view line) {
        if (keys_.empty()) {
            fail("a value comes before the first key");
        }
        if (keys_.back().remove) {
            fail("a key that is removed has values");
        }
        RegistryValue value;
        if (line.starts_with('"')) {
            value.name = take_quoted(line);
        } else if (line.starts_with('@')) {
            line.remove_prefix(1);
        } else {
            fail("this is no value: \"name\"=… or @=…");
        }
        line = trimmed(line);
        if (!line.starts_with('=')) {
            fail("a value has no '='");
        }
        read_data(trimmed(line.substr(1)), value);
        keys_.back().values.push_back(std::move(value));
    }

    void read_data(std::string_view data, RegistryValue& value) const {
        if (data == "-") {
            value.remove = true;
        } else if (data.starts_with('"')) {
            value.type = kText;
            value.bytes = stored_text(take_quoted(data));
            if (!trimmed(data).empty()) {
                fail("something follows a text");
            }
        } else if (data.starts_with("dword:")) {
            value.type = kDword;
            value.bytes = dword_bytes(data.substr(6));
        } else if (data.starts_with("hex:")) {
            value.type = kBinary;
            value.bytes = hex_bytes(data.substr(4));
        } else if (data.starts_with("hex(")) {
            const std::size_t close = data.find("):");
            if (close == std::string_view::npos) {
                fail("a value of hex(…) has no '):'");
            }
            value.type = number(data.substr(4, close - 4));
            value.bytes = hex_bytes(data.substr(close + 2));
        } else {
            fail("this data is neither a text, dword:, hex: nor hex(…):");
        }
    }

    std::uint32_t number(std::string_view digits) const {
        std::uint32_t value = 0;
        if (digits.empty() || digits.size() > 8) {
            fail("a number has one to eight hex digits");
        }
        for (const char digit : digits) {
            value = value << 4U | nibble(digit);
        }
        return value;
    }

    std::uint32_t nibble(char digit) const {
        constexpr std::string_view kDigits = "0123456789abcdef";
        const std::size_t at = kDigits.find(base::to_lower(std::string(1, digit)));
        if (at == std::string_view::npos) {
            fail(fmt::format("'{}' is no hex digit", digit));
        }
        return static_cast<std::uint32_t>(at);
    }

    std::string dword_bytes(std::string_view digits) const {
        const std::uint32_t value = number(trimmed(digits));
        std::string bytes;
        for (unsigned shift = 0; shift < 32; shift += 8) {
            bytes += static_cast<char>(value >> shift & 0xffU);
        }
        return bytes;
    }

    std::string hex_bytes(std::string_view list) const {
        std::string bytes;
        while (!trimmed(list).empty()) {
            const std::size_t end = std::min(list.find(','), list.size());
            const std::string_view byte = trimmed(list.substr(0, end));
            if (byte.empty() || byte.size() > 2) {
                fail("hex data is bytes of two digits with commas between");
            }
            bytes += static_cast<char>(number(byte));
            list.remove_prefix(std::min(end + 1, list.size()));
        }
        return bytes;
    }

    // UTF-8 as UTF-16LE with its end.
    std::string stored_text(std::string_view text) const {
        std::string bytes;
        const auto add = [&](std::uint32_t unit) {
            bytes += static_cast<char>(unit & 0xffU);
            bytes += static_cast<char>(unit >> 8U);
        };
        while (!text.empty()) {
            const auto lead = static_cast<unsigned char>(text.front());
            const std::size_t length = lead < 0x80   ? 1
                                       : lead < 0xc2 ? 0
                                       : lead < 0xe0 ? 2
                                       : lead < 0xf0 ? 3
                                       : lead < 0xf5 ? 4
                                                     : 0;
            if (length == 0 || length > text.size()) {
                fail("a text is not UTF-8");
            }
            std::uint32_t code = length == 1 ? lead : lead & (0xffU >> (length + 1));
            for (std::size_t i = 1; i < length; ++i) {
                const auto byte = static_cast<unsigned char>(text[i]);
                if ((byte & 0xc0U) != 0x80) {
                    fail("a text is not UTF-8");
                }
                code = code << 6U | (byte & 0x3fU);
            }
            text.remove_prefix(length);
            if (code >= 0x10000) {
                add(0xd800 + ((code - 0x10000) >> 10U));
                add(0xdc00 + ((code - 0x10000) & 0x3ffU));
            } else {
                add(code);
            }
        }
        add(0);
        return bytes;
    }

    std::string name_;
    int line_ = 0;
    std::vector<RegistryKey> keys_;
};

std::string value_line(const RegistryValue& value) {
    std::string line = "@";
    if (!value.name.empty()) {
        line = "\"";
        for (const char c : value.name) {
            line += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
        }
        line += '"';
    }
    if (value.remove) {
        return line + "=-\n";
    }
    line += fmt::format("=hex({:x}):", value.type);
    for (std::size_t i = 0; i < value.bytes.size(); ++i) {
        line += fmt::format("{}{:02x}", i == 0 ? "" : ",",
                            static_cast<unsigned>(static_cast<unsigned char>(value.bytes[i])));
    }
    return line + "\n";
}

}  // namespace

std::vector<RegistryKey> parse_reg_file(std::string_view bytes, const std::string& name) {
    return RegParser(name).parse(reg_text_as_utf8(bytes, name));
}

std::string hive_changes(const std::vector<RegistryKey>& keys, std::string_view hive,
                         const std::string& control_set) {
    std::string text = "Windows Registry Editor Version 5.00\n\n";
    std::set<std::string> known;  // keys that are there by now, in small letters
    for (const RegistryKey& key : keys) {
        if (key.hive != hive) {
            continue;
        }
        std::string path;
        for (std::size_t i = 0; i < key.path.size(); ++i) {
            const bool is_current =
                i == 0 && hive == "SYSTEM" && base::to_lower(key.path[0]) == kCurrentControlSet;
            path += "\\" + (is_current ? control_set : key.path[i]);
            if (!key.remove && i + 1 < key.path.size() &&
                known.insert(base::to_lower(path)).second) {
                text += fmt::format("[{}]\n\n", path);
            }
        }
        path = path.empty() ? "\\" : path;
        if (key.remove) {
            text += fmt::format("[-{}]\n\n", path);
            known.clear();
            continue;
        }
        known.insert(base::to_lower(path));
        text += fmt::format("[{}]\n", path);
        for (const RegistryValue& value : key.values) {
            text += value_line(value);
        }
        text += "\n";
    }
    return text;
}

}  // namespace imagebuilder
