// SPDX-License-Identifier: Apache-2.0
// Values that are known only at deployment: text with references to other machines.
//   ${db.ip.back}     the address of machine db on network back (of its first instance)
//   ${app.ips.front}  the addresses of all instances of app there, with a comma between
//   ${db.password}    the value of a property of db
//   $${               the text "${"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ovfkit {

struct TemplateReference {
    enum class Kind { ip, ips, property };
    Kind kind = Kind::property;
    std::string machine;
    std::string name;  // of the network or the property

    bool operator==(const TemplateReference&) const = default;
};

struct TemplatePart {
    std::string text;  // when there is no reference
    std::optional<TemplateReference> reference;

    bool operator==(const TemplatePart&) const = default;
};

// Throws invalid_input, quoting the template, on anything else between "${" and "}".
std::vector<TemplatePart> parse_value_template(std::string_view text);

}  // namespace ovfkit
