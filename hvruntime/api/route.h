// SPDX-License-Identifier: Apache-2.0
// Which handler a request is for: patterns of path segments, "/v1/jobs/{id}". Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hvruntime {

// "%41" to "A". nullopt: a broken escape, or a zero byte.
std::optional<std::string> percent_decode(std::string_view text);

class RoutePattern {
  public:
    // Starts with '/'; segments are literal or {name}. Anything else is a bug of ours.
    explicit RoutePattern(std::string_view pattern);
    // The decoded {names} when `path` (not decoded) matches. A name never matches an empty segment.
    std::optional<std::map<std::string, std::string>> match(std::string_view path) const;

  private:
    struct Segment {
        std::string text;
        bool is_name = false;
    };
    std::vector<Segment> segments_;
};

}  // namespace hvruntime
