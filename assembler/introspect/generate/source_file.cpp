// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/source_file.h"

#include <fmt/format.h>

#include "base/json.h"

namespace assembler {

namespace {

// The name with this id in "name:x:ID:…" lines.
std::string name_of_id(const imagebuilder::FileTree& tree, const char* file, std::uint32_t id) {
    const std::string text = imagebuilder::read_if_there(tree, file).value_or("");
    const std::string wanted = fmt::format("{}", id);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second != std::string::npos &&
            line.substr(second + 1, line.find(':', second + 1) - second - 1) == wanted) {
            return line.substr(0, first);
        }
        at = end + 1;
    }
    return wanted;
}

}  // namespace

std::string owner_in_tree(const imagebuilder::FileTree& tree,
                          const imagebuilder::TreeEntry& entry) {
    return fmt::format("{}:{}",
                       entry.uid == 0 ? "root" : name_of_id(tree, "/etc/passwd", entry.uid),
                       entry.gid == 0 ? "root" : name_of_id(tree, "/etc/group", entry.gid));
}

FileReader reader_of(MachineTrees trees) {
    return [trees = std::move(trees)](const std::string& machine,
                                      const std::string& path) -> std::optional<SourceFile> {
        const auto found = trees.find(machine);
        if (found == trees.end()) {
            return std::nullopt;
        }
        const imagebuilder::FileTree& tree = *found->second;
        const auto real = tree.resolve(path);
        const auto entry = real ? tree.find(*real) : std::nullopt;
        auto text = real ? imagebuilder::read_if_there(tree, *real) : std::nullopt;
        if (!entry || !text) {
            return std::nullopt;
        }
        return SourceFile{*real, std::move(*text), owner_in_tree(tree, *entry),
                          entry->permissions & 07777U};
    };
}

bool is_plain_text(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) {
        return false;
    }
    // What is not UTF-8 comes back changed.
    const base::Json as_json = std::string(text);
    return base::parse_json(base::to_json_text(as_json), "text").get<std::string>() == text;
}

}  // namespace assembler
