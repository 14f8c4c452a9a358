// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/names.h"

namespace ovfkit::xml {

std::pair<std::string_view, std::string_view> split_name(std::string_view name) {
    const std::size_t colon = name.find(':');
    if (colon == std::string_view::npos) {
        return {"", name};
    }
    return {name.substr(0, colon), name.substr(colon + 1)};
}

bool is_ovf_namespace(std::string_view uri) {
    return uri.starts_with("http://schemas.dmtf.org/ovf/") ||
           uri.starts_with("http://www.vmware.com/schema/ovf/1/") || uri.starts_with(kUnbound);
}

int attribute_rank(std::string_view uri, std::string_view element_uri) {
    if (uri == element_uri) {
        return 3;
    }
    if (uri.empty()) {
        return 2;
    }
    return is_ovf_namespace(uri) ? 1 : 0;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace ovfkit::xml
