// SPDX-License-Identifier: Apache-2.0
// dpkg's database: /var/lib/dpkg/status and status.d, the lists and checksums in info/, diversions,
// and what apt marks as installed for others.
#pragma once

#include "assembler/introspect/system/packages/package_database.h"

namespace assembler::introspect {

void read_dpkg(Reading& reading, PackageDatabase& database);

// "Key: value" with lines that go on behind a blank, as Debian writes its databases.
struct ControlField {
    std::string_view name;
    std::string_view value;  // with its line breaks
};
// Calls fn with the fields of one stanza after the other.
template <typename Fn>
void for_each_stanza(std::string_view text, Fn&& fn);

// The fields at the start of `text`, which is shortened by them and the empty line behind.
std::vector<ControlField> take_stanza(std::string_view& text);

template <typename Fn>
void for_each_stanza(std::string_view text, Fn&& fn) {
    while (!text.empty()) {
        const std::vector<ControlField> fields = take_stanza(text);
        if (!fields.empty()) {
            fn(fields);
        }
    }
}

}  // namespace assembler::introspect
