// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/system/os_release.h"

#include <algorithm>

#include "imagebuilder/system/control_stanza.h"

namespace imagebuilder {

namespace {

std::string_view without_quotes(std::string_view value) {
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                        value.back() == value.front();
    return quoted ? value.substr(1, value.size() - 2) : value;
}

}  // namespace

OsReleaseFields read_os_release(std::string_view text) {
    OsReleaseFields fields;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = without_blanks(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) {
            continue;
        }
        const std::string_view key = without_blanks(line.substr(0, equals));
        const std::string_view value = without_quotes(without_blanks(line.substr(equals + 1)));
        if (key == "ID") {
            fields.id = value;
            fields.id_line = number;
        } else if (key == "VERSION_ID") {
            fields.version_id = value;
        } else if (key == "VERSION_CODENAME") {
            fields.code_name = value;
        } else if (key == "PRETTY_NAME") {
            fields.pretty_name = value;
        }
    }
    return fields;
}

}  // namespace imagebuilder
