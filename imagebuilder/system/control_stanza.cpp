// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/system/control_stanza.h"

#include <algorithm>

namespace imagebuilder {

std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r";
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(kBlanks) + 1));
    return text;
}

std::vector<ControlField> take_stanza(std::string_view& text) {
    std::vector<ControlField> fields;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (without_blanks(line).empty()) {
            break;
        }
        const std::size_t colon = line.find(':');
        if (line.front() == ' ' || line.front() == '\t') {
            if (!fields.empty()) {
                // The lines of a field are neighbours in the text: the view grows over this one.
                ControlField& last = fields.back();
                last.value = {
                    last.value.data(),
                    static_cast<std::size_t>(line.data() + line.size() - last.value.data())};
            }
        } else if (colon != std::string_view::npos) {
            fields.push_back({line.substr(0, colon), without_blanks(line.substr(colon + 1))});
        }
    }
    return fields;
}

std::string_view value_of(const std::vector<ControlField>& fields, std::string_view name) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const ControlField& field) { return field.name == name; });
    return found == fields.end() ? std::string_view() : found->value;
}

}  // namespace imagebuilder
