// SPDX-License-Identifier: Apache-2.0
// Pieces of a text that are replaced: values at their places, and addresses wherever they stand.
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/facts.h"

namespace assembler {

struct TextEdit {
    std::size_t offset = 0;
    std::size_t length = 0;
    std::string with;  // in the language of templates: "${db.host}"

    auto operator<=>(const TextEdit&) const = default;
};

// Where the place is in the text; nullopt when the text has no such line or the line is shorter.
std::optional<TextEdit> find_place(std::string_view text, const ValuePlace& place);

// Offsets of `word` where it stands alone: an address is not part of a longer number or name.
std::vector<std::size_t> find_word(std::string_view text, std::string_view word);

// Adds the edit unless it touches one that is there; false when it does.
bool add_edit(std::vector<TextEdit>& edits, TextEdit edit);

// The text with the edits in it, all else escaped so that the template expands to it.
std::string template_text(std::string_view text, std::vector<TextEdit> edits);

// The line of an offset, from 1.
int line_of_offset(std::string_view text, std::size_t offset);

}  // namespace assembler
