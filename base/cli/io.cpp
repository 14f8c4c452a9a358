// SPDX-License-Identifier: Apache-2.0
#include "base/cli/io.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <optional>

#include <fmt/format.h>

namespace base::cli {

Json error_to_json(const Error& error) {
    Json object{{"type", "error"},
                {"code", static_cast<int>(exit_code_of(error.kind()))},
                {"kind", to_string(error.kind())},
                {"message", error.message()},
                {"hint", error.hint()}};
    if (const auto* command = dynamic_cast<const CommandError*>(&error)) {
        object["command"] = command->command_line();
        object["stderr"] = command->stderr_tail();
    }
    return object;
}

void throw_error(const Json& object) {
    const ErrorKind kind =
        find_error_kind(string_or(object, "kind", "")).value_or(ErrorKind::internal);
    const std::string message = string_or(object, "message", "an error without a message");
    const std::string hint = string_or(object, "hint", "");
    if (object.is_object() && object.contains("command")) {
        CommandError error(require_string(object, "command"), 0, string_or(object, "stderr", ""),
                           message);
        error.set_hint(hint);
        throw error;
    }
    throw Error(kind, message, hint);
}

namespace {

struct Character {
    std::size_t bytes = 1;
    std::optional<char32_t> code;  // empty: the byte is no UTF-8
};

// The first character of a text that is not empty. Overlong forms and surrogates are no UTF-8.
Character first_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) {
        return {1, lead};
    }
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) {
        return {1, std::nullopt};
    }
    char32_t code = lead & (0xffU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) {
            return {1, std::nullopt};
        }
        code = (code << 6U) | (byte(i) & 0x3fU);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool good =
        code >= kSmallest[bytes] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return good ? Character{bytes, code} : Character{1, std::nullopt};
}

// What moves the cursor, changes colours, or makes text read in another order than it stands.
bool is_unsafe(char32_t code) {
    const bool control =
        (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code <= 0x9f);
    const bool direction = code == 0x061c || code == 0x200e || code == 0x200f ||
                           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return control || direction;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string safe;
    while (!text.empty()) {
        const Character character = first_character(text);
        if (character.code && !is_unsafe(*character.code)) {
            safe += text.substr(0, character.bytes);
        } else if (character.bytes == 1) {
            safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
        } else {
            safe += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(*character.code));
        }
        text.remove_prefix(character.bytes);
    }
    return safe;
}

std::string printable_line(std::string_view text) {
    std::string safe = printable(text);
    std::replace_if(
        safe.begin(), safe.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return safe;
}

void print_error(Io& io, const Error& error) {
    if (io.json) {
        io.err << to_json_text(error_to_json(error)) << '\n';
        return;
    }
    io.err << "muster: error: " << printable(error.message()) << '\n';
    if (const auto* command = dynamic_cast<const CommandError*>(&error)) {
        io.err << "  command: " << printable(command->command_line()) << '\n';
        std::string_view tail = command->stderr_tail();
        constexpr std::size_t kTail = 4096;
        if (tail.size() > kTail) {
            tail = tail.substr(tail.size() - kTail);
        }
        if (!tail.empty()) {
            io.err << printable(tail) << (tail.ends_with('\n') ? "" : "\n");
        }
    }
    if (!error.hint().empty()) {
        io.err << "  hint: " << printable(error.hint()) << '\n';
    }
}

int run_main(Io& io, const std::function<int()>& verb) {
    try {
        return verb();
    } catch (const Error& error) {
        print_error(io, error);
        return static_cast<int>(exit_code_of(error.kind()));
    } catch (const std::bad_alloc&) {
        print_error(io, Error(ErrorKind::environment, "out of memory"));
        return static_cast<int>(ExitCode::environment);
    } catch (const std::exception& error) {
        print_error(io, Error(ErrorKind::internal, error.what(),
                              "this is a bug of muster: please report it with the command"));
        return static_cast<int>(ExitCode::internal);
    }
}

}  // namespace base::cli
