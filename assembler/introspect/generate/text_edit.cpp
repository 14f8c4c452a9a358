// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/text_edit.h"

#include <algorithm>
#include <cctype>

#include "ovfkit/env/config/config_template.h"

namespace assembler {

namespace {

// What an address or a host name goes on with.
bool continues_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

bool starts_inside_word(std::string_view text, std::size_t at) {
    return at > 0 && (continues_word(text[at - 1]) || text[at - 1] == '.');
}

bool ends_inside_word(std::string_view text, std::size_t end) {
    if (end >= text.size()) {
        return false;
    }
    // "10.0.0.5." ends a sentence, "10.0.0.5.1" is something else.
    return continues_word(text[end]) ||
           (text[end] == '.' && end + 1 < text.size() && continues_word(text[end + 1]));
}

}  // namespace

std::optional<TextEdit> find_place(std::string_view text, const ValuePlace& place) {
    if (place.line < 1 || place.column < 1 || place.length < 1) {
        return std::nullopt;
    }
    std::size_t start = 0;
    for (int line = 1; line < place.line; ++line) {
        const std::size_t end = text.find('\n', start);
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        start = end + 1;
    }
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::size_t offset = start + static_cast<std::size_t>(place.column) - 1;
    const auto length = static_cast<std::size_t>(place.length);
    if (offset + length > end) {
        return std::nullopt;
    }
    return TextEdit{offset, length, ""};
}

std::vector<std::size_t> find_word(std::string_view text, std::string_view word) {
    std::vector<std::size_t> found;
    for (std::size_t at = text.find(word); at != std::string_view::npos;
         at = text.find(word, at + 1)) {
        if (!starts_inside_word(text, at) && !ends_inside_word(text, at + word.size())) {
            found.push_back(at);
        }
    }
    return found;
}

bool add_edit(std::vector<TextEdit>& edits, TextEdit edit) {
    const bool touches = std::any_of(edits.begin(), edits.end(), [&](const TextEdit& other) {
        return edit.offset < other.offset + other.length &&
               other.offset < edit.offset + edit.length;
    });
    if (!touches) {
        edits.push_back(std::move(edit));
    }
    return !touches;
}

std::string template_text(std::string_view text, std::vector<TextEdit> edits) {
    std::sort(edits.begin(), edits.end());
    std::string result;
    std::size_t at = 0;
    for (const TextEdit& edit : edits) {
        result += ovfkit::escape_config_template(text.substr(at, edit.offset - at)) + edit.with;
        at = edit.offset + edit.length;
    }
    return result + ovfkit::escape_config_template(text.substr(at));
}

int line_of_offset(std::string_view text, std::size_t offset) {
    return 1 + static_cast<int>(std::count(
                   text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

}  // namespace assembler
