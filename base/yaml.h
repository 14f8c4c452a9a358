// SPDX-License-Identifier: Apache-2.0
// The one door to YAML. A YamlNode knows its place, so every error reads "file:line:column: …".
// Readers take keys one by one; finish() then rejects the keys nobody took, with a "did you mean".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace base {

class YamlNode {
  public:
    enum class Type { null, scalar, sequence, map };

    Type type() const;
    // A plain (unquoted) scalar can be a number or a boolean; a quoted one is always text.
    bool is_quoted() const;
    std::string where() const;  // "recipe.yaml:3:5"

    // Each throws Error(invalid_input) with the place when the node is something else.
    std::string as_string() const;  // any scalar
    bool as_bool() const;           // true false yes no on off
    std::int64_t as_int() const;
    std::vector<YamlNode> as_sequence() const;
    std::vector<std::pair<std::string, YamlNode>> as_map()
        const;  // in file order; duplicates are errors
    [[noreturn]] void fail(std::string_view message, std::string hint = "") const;

  private:
    friend YamlNode parse_yaml(std::string_view text, const std::string& name);
    struct Data;
    explicit YamlNode(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
    std::shared_ptr<const Data> data_;
};

// Aliases are resolved; at most 1 MiB of text, depth 64, and one document. `name` is the file's
// name for messages.
YamlNode parse_yaml(std::string_view text, const std::string& name);
YamlNode read_yaml(const std::string& path);

// The keys of one map.
class YamlKeys {
  public:
    YamlKeys(const YamlNode& map, std::string_view what);  // what: "recipe", "machine 'db'"
    std::optional<YamlNode> find(std::string_view key);
    YamlNode require(std::string_view key);
    void finish();  // unknown keys: error at the first, with line, column and "did you mean"

  private:
    YamlNode map_;
    std::string what_;
    std::vector<std::pair<std::string, YamlNode>> entries_;
    std::vector<std::string> asked_;
};

// The candidate nearest to `word` by edit distance, if near enough to be a typing error.
std::optional<std::string> find_similar(std::string_view word,
                                        const std::vector<std::string>& candidates);

}  // namespace base
