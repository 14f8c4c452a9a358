// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/value_template.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace ovfkit {

namespace {

[[noreturn]] void fail(std::string_view text, std::string_view why) {
    throw base::Error(base::ErrorKind::invalid_input, fmt::format("the value '{}' {}", text, why),
                      "references are ${machine.ip.network}, ${machine.ips.network} and "
                      "${machine.property}; write $${ for a plain ${");
}

TemplateReference parse_reference(std::string_view inner, std::string_view text) {
    const std::size_t dot = inner.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == inner.size() ||
        inner.find_first_of(" \t\r\n{}$") != std::string_view::npos) {
        fail(text, fmt::format("has the unknown reference '${{{}}}'", inner));
    }
    TemplateReference reference;
    reference.machine = inner.substr(0, dot);
    std::string_view name = inner.substr(dot + 1);
    if (name.starts_with("ip.")) {
        reference.kind = TemplateReference::Kind::ip;
        name.remove_prefix(3);
    } else if (name.starts_with("ips.")) {
        reference.kind = TemplateReference::Kind::ips;
        name.remove_prefix(4);
    }
    if (name.empty()) {
        fail(text, fmt::format("names no network in '${{{}}}'", inner));
    }
    reference.name = name;
    return reference;
}

}  // namespace

std::vector<TemplatePart> parse_value_template(std::string_view text) {
    std::vector<TemplatePart> parts;
    std::string plain;
    for (std::size_t i = 0; i < text.size();) {
        if (text.substr(i).starts_with("$${")) {
            plain += "${";
            i += 3;
        } else if (text.substr(i).starts_with("${")) {
            const std::size_t end = text.find('}', i);
            if (end == std::string_view::npos) {
                fail(text, "has '${' without '}'");
            }
            if (!plain.empty()) {
                parts.push_back({std::exchange(plain, {}), std::nullopt});
            }
            parts.push_back({"", parse_reference(text.substr(i + 2, end - i - 2), text)});
            i = end + 1;
        } else {
            plain += text[i++];
        }
    }
    if (!plain.empty()) {
        parts.push_back({std::move(plain), std::nullopt});
    }
    return parts;
}

}  // namespace ovfkit
