// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <fmt/format.h>

#include "base/error.h"

namespace base {

Json parse_json(std::string_view text, std::string_view what) {
    try {
        return Json::parse(text);
    } catch (const Json::parse_error& error) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("{} is not JSON: error at byte {}", what, error.byte));
    } catch (const Json::out_of_range&) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("{} holds a number that is too large", what));
    }
}

std::string to_json_text(const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string require_string(const Json& object, std::string_view key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    if (found == object.end() || !found->is_string()) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' must be a string", key));
    }
    return found->get<std::string>();
}

std::string string_or(const Json& object, std::string_view key, std::string fallback) {
    return object.is_object() && object.contains(key) ? require_string(object, key)
                                                      : std::move(fallback);
}

}  // namespace base
