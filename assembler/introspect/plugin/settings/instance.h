// SPDX-License-Identifier: Apache-2.0
// One application that a plug-in found reason to look at, and the names that its templates may use.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/facts.h"

namespace assembler::plugin {

using Names = std::map<std::string, std::string, std::less<>>;

struct Instance {
    const ServiceFact* service = nullptr;  // it runs as; may be none
    std::vector<std::string> main_files;   // per file and per node: one
    std::optional<std::size_t> node;       // per node: which of those that the path selects
    Names names;  // "instance", "unit", "name", "program", "workdir", "dir", "file", "file1", …
};

// "{name}-{file1}" with the names filled in; nullopt when one is not known, or empty and must not
// be. `find_value` answers names with a colon ("value:config:port").
template <typename FindValue>
std::optional<std::string> fill_template(std::string_view text, const FindValue& find_value,
                                         bool may_be_empty = false);

std::string folder_of(std::string_view path);  // "/etc/nginx/nginx.conf": "/etc/nginx"
std::string last_part(std::string_view path);
// "." and ".." resolved, absolute; relative ones begin at `folder`.
std::string join_path(std::string_view folder, std::string_view path);

template <typename FindValue>
std::optional<std::string> fill_template(std::string_view text, const FindValue& find_value,
                                         bool may_be_empty) {
    std::string filled;
    while (!text.empty()) {
        const std::size_t open = text.find('{');
        filled += text.substr(0, open);
        if (open == std::string_view::npos) {
            break;
        }
        const std::size_t close = text.find('}', open);
        if (close == std::string_view::npos) {
            return std::nullopt;
        }
        const std::optional<std::string> value =
            find_value(text.substr(open + 1, close - open - 1));
        if (!value || (value->empty() && !may_be_empty)) {
            return std::nullopt;
        }
        filled += *value;
        text.remove_prefix(close + 1);
    }
    return filled;
}

}  // namespace assembler::plugin
