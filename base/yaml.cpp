// SPDX-License-Identifier: Apache-2.0
#include "base/yaml.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/error.h"
#include "base/file.h"

namespace base {

struct YamlNode::Data {
    Type type = Type::null;
    bool quoted = false;
    std::string scalar;
    std::vector<YamlNode> items;
    std::vector<std::pair<std::string, YamlNode>> entries;
    std::string place;
};

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 100000;

std::string place_of(const YAML::Mark& mark, const std::string& name) {
    return fmt::format("{}:{}:{}", name, mark.line + 1, mark.column + 1);
}

}  // namespace

// Copies yaml-cpp's tree into ours: afterwards the library and its exceptions are out of the
// picture.
YamlNode parse_yaml(std::string_view text, const std::string& name) {
    struct Converter {
        const std::string& name;
        std::size_t nodes = 0;

        YamlNode convert(const YAML::Node& from, int depth) {
            auto data = std::make_shared<YamlNode::Data>();
            data->place = place_of(from.Mark(), name);
            // Aliases can repeat a subtree exponentially; the count of copies is what has to be
            // bounded.
            if (depth > kMaxDepth || ++nodes > kMaxNodes) {
                throw Error(ErrorKind::invalid_input,
                            fmt::format("{}: too deep or too many nodes", data->place));
            }
            switch (from.Type()) {
                case YAML::NodeType::Undefined:
                case YAML::NodeType::Null: break;
                case YAML::NodeType::Scalar:
                    data->type = YamlNode::Type::scalar;
                    data->scalar = from.Scalar();
                    data->quoted = from.Tag() == "!";
                    break;
                case YAML::NodeType::Sequence:
                    data->type = YamlNode::Type::sequence;
                    for (const auto& item : from) {
                        data->items.push_back(convert(item, depth + 1));
                    }
                    break;
                case YAML::NodeType::Map: convert_map(from, depth, *data); break;
            }
            return YamlNode(std::move(data));
        }

        void convert_map(const YAML::Node& from, int depth, YamlNode::Data& data) {
            data.type = YamlNode::Type::map;
            for (const auto& entry : from) {
                if (!entry.first.IsScalar()) {
                    throw Error(ErrorKind::invalid_input,
                                fmt::format("{}: a key must be a plain word",
                                            place_of(entry.first.Mark(), name)));
                }
                const std::string key = entry.first.Scalar();
                for (const auto& [seen, node] : data.entries) {
                    if (seen == key) {
                        throw Error(ErrorKind::invalid_input,
                                    fmt::format("{}: the key '{}' is here twice",
                                                place_of(entry.first.Mark(), name), key));
                    }
                }
                YamlNode value = convert(entry.second, depth + 1);
                // An error about a key points at the key: that is where the eye looks.
                auto placed = std::make_shared<YamlNode::Data>(*value.data_);
                if (placed->type != YamlNode::Type::scalar) {
                    placed->place = place_of(entry.first.Mark(), name);
                }
                data.entries.emplace_back(key, YamlNode(std::move(placed)));
            }
        }
    };

    if (text.size() > (1U << 20U)) {
        throw Error(ErrorKind::invalid_input, fmt::format("{} is larger than 1 MiB", name));
    }
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
        if (documents.size() > 1) {
            throw Error(ErrorKind::invalid_input,
                        fmt::format("{} holds several YAML documents", name), "keep one of them");
        }
        Converter converter{name};
        return converter.convert(documents.empty() ? YAML::Node() : documents[0], 0);
    } catch (const YAML::Exception& error) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("{}: {}", place_of(error.mark, name), error.msg));
    }
}

YamlNode read_yaml(const std::string& path) {
    return parse_yaml(read_file(path, 1U << 20U), path);
}

YamlNode::Type YamlNode::type() const {
    return data_->type;
}
bool YamlNode::is_quoted() const {
    return data_->quoted;
}
std::string YamlNode::where() const {
    return data_->place;
}

void YamlNode::fail(std::string_view message, std::string hint) const {
    throw Error(ErrorKind::invalid_input, fmt::format("{}: {}", data_->place, message),
                std::move(hint));
}

std::string YamlNode::as_string() const {
    if (data_->type != Type::scalar) {
        fail("expected text here");
    }
    return data_->scalar;
}

bool YamlNode::as_bool() const {
    const std::string text = as_string();
    for (const std::string_view word : {"true", "yes", "on"}) {
        if (text == word) {
            return true;
        }
    }
    for (const std::string_view word : {"false", "no", "off"}) {
        if (text == word) {
            return false;
        }
    }
    fail(fmt::format("'{}' is neither true nor false", text));
}

std::int64_t YamlNode::as_int() const {
    const std::string text = as_string();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
        fail(fmt::format("'{}' is not a whole number", text));
    }
    return number;
}

std::vector<YamlNode> YamlNode::as_sequence() const {
    if (data_->type != Type::sequence) {
        fail("expected a list here");
    }
    return data_->items;
}

std::vector<std::pair<std::string, YamlNode>> YamlNode::as_map() const {
    if (data_->type == Type::null) {
        return {};
    }
    if (data_->type != Type::map) {
        fail("expected keys and values here");
    }
    return data_->entries;
}

YamlKeys::YamlKeys(const YamlNode& map, std::string_view what)
    : map_(map), what_(what), entries_(map.as_map()) {
}

std::optional<YamlNode> YamlKeys::find(std::string_view key) {
    asked_.emplace_back(key);
    for (const auto& [name, node] : entries_) {
        if (name == key) {
            return node;
        }
    }
    return std::nullopt;
}

YamlNode YamlKeys::require(std::string_view key) {
    std::optional<YamlNode> node = find(key);
    if (!node) {
        map_.fail(fmt::format("the {} needs the key '{}'", what_, key));
    }
    return *node;
}

void YamlKeys::finish() {
    for (const auto& [name, node] : entries_) {
        if (std::find(asked_.begin(), asked_.end(), name) == asked_.end()) {
            const std::optional<std::string> similar = find_similar(name, asked_);
            std::string known = fmt::format("known keys: {}", fmt::join(asked_, ", "));
            node.fail(fmt::format("unknown key '{}' in the {}{}", name, what_,
                                  similar ? fmt::format(", did you mean '{}'?", *similar) : ""),
                      std::move(known));
        }
    }
}

std::optional<std::string> find_similar(std::string_view word,
                                        const std::vector<std::string>& candidates) {
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        // Levenshtein distance, one row at a time.
        std::vector<std::size_t> row(candidate.size() + 1);
        for (std::size_t j = 0; j < row.size(); ++j) {
            row[j] = j;
        }
        for (std::size_t i = 1; i <= word.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j < row.size(); ++j) {
                const std::size_t cost = word[i - 1] == candidate[j - 1] ? 0 : 1;
                const std::size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + cost});
                diagonal = row[j];
                row[j] = next;
            }
        }
        if (row.back() < best_distance) {
            best_distance = row.back();
            best = candidate;
        }
    }
    return best;
}

}  // namespace base
