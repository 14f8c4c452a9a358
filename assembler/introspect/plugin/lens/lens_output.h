// SPDX-License-Identifier: Apache-2.0
// What a lens works with: the text it reads and the tree it adds to. Internal to the lenses.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/plugin/lens/lens.h"

namespace assembler::plugin {

class LensOutput {
  public:
    LensOutput(const LensOptions& options, const TracedText& text, ConfigTree& tree, NodeId under,
               std::vector<LensProblem>& problems)
        : options_(options), text_(text), tree_(tree), under_(under), problems_(problems) {}

    const LensOptions& options() const { return options_; }
    const TracedText& source() const { return text_; }
    std::string_view text() const { return text_.text(); }
    NodeId under() const { return under_; }
    ConfigTree& tree() { return tree_; }

    NodeId add(NodeId parent, std::string_view name, std::size_t offset);
    void add_value(NodeId node, TracedText value) { tree_.add_value(node, std::move(value)); }
    TracedText part(std::size_t begin, std::size_t end) const {
        return text_.part(begin, end - begin);
    }
    void add_problem(std::size_t offset, std::string text);

  private:
    const LensOptions& options_;
    const TracedText& text_;
    ConfigTree& tree_;
    NodeId under_;
    std::vector<LensProblem>& problems_;
};

// One function a family, each in its own file.
void read_apache(LensOutput& out);
void read_blocks(LensOutput& out);
void read_code(LensOutput& out);  // js, php, python
void read_command(LensOutput& out);
void read_env(LensOutput& out);
void read_erlang(LensOutput& out);
void read_key_values(LensOutput& out);  // ini, keyvalue, systemd
void read_lines(LensOutput& out);
void read_list(LensOutput& out);
void read_net(LensOutput& out);
void read_nginx(LensOutput& out);
void read_numbered(LensOutput& out);
void read_properties(LensOutput& out);
void read_shell(LensOutput& out);
void read_toml(LensOutput& out);
void read_words(LensOutput& out);
void read_xml(LensOutput& out);
void read_yaml(LensOutput& out);  // json too

// What several of them need.

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}
constexpr bool is_space(char c) {
    return is_blank(c) || c == '\n';
}
std::size_t skip_blanks(std::string_view text, std::size_t at, std::size_t end);
std::size_t line_end(std::string_view text, std::size_t at);  // of "\n", or the end of the text

// Past white space, what counts as such, and comments, which reach from `comment` to the end of
// their line.
std::size_t find_token(std::string_view text, std::size_t at, char comment,
                       std::string_view also_space = "");

// A word of a line of words: it ends at a blank; '…' and "…" hold blanks, a backslash takes the
// next byte as it is (not within '…'). `at` moves behind it.
TracedText read_word(const LensOutput& out, std::size_t& at, std::size_t end);
// Joins lines that end in a backslash: the text, its places kept, from `at` to the end of the last.
TracedText read_continued_line(const LensOutput& out, std::size_t& at);

}  // namespace assembler::plugin
