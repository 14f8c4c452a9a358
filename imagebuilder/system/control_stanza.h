// SPDX-License-Identifier: Apache-2.0
// deb822: "Key: value" with lines that go on behind a blank, stanzas between empty lines, as Debian
// writes its databases, indexes and copyright files. Any bytes are read as far as they make sense.
// Views point into the text that was given. Pure functions.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace imagebuilder {

struct ControlField {
    std::string_view name;
    std::string_view value;  // with its line breaks; blanks around it are taken off
};

// The fields at the start of `text`, which is shortened by them and the empty line behind.
std::vector<ControlField> take_stanza(std::string_view& text);

// Calls fn with the fields of one stanza after the other.
template <typename Fn>
void for_each_stanza(std::string_view text, Fn&& fn) {
    while (!text.empty()) {
        const std::vector<ControlField> fields = take_stanza(text);
        if (!fields.empty()) {
            fn(fields);
        }
    }
}

// Of the first field with that name, letter by letter; empty: there is none.
std::string_view value_of(const std::vector<ControlField>& fields, std::string_view name);

// Without the blanks, tabs and carriage returns around it.
std::string_view without_blanks(std::string_view text);

}  // namespace imagebuilder
