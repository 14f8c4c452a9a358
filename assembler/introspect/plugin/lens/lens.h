// SPDX-License-Identifier: Apache-2.0
// Lenses: each turns the text of one family of configuration files into nodes of a ConfigTree,
// with the place of every value. They read as leniently as the programs do and go on behind what
// they do not understand. Linear in the text, bounded by the tree; no state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/plugin/lens/config_tree.h"
#include "assembler/introspect/plugin/lens/traced_text.h"

namespace assembler::plugin {

enum class LensKind {
    apache,      // sections in angle brackets, directives
    blocks,      // Logstash: blocks in braces, key => value
    command,     // the words of a command line
    env,         // NAME=value up to the end of the line: environment files, .env
    erlang,      // terms: lists, tuples, strings
    ini,         // sections, key = value
    js,          // assignments and literals of JavaScript
    json,        // JSON, with comments
    keyvalue,    // key = value or key value, quotes with '
    lines,       // patterns with {fields}
    list,        // words between commas or blanks, each a node "-"
    net,         // Oracle Net: listener.ora, tnsnames.ora
    nginx,       // directives with blocks
    numbered,    // each line, named "line1", "line2", …
    php,         // assignments, define() and literals of PHP
    properties,  // Java's
    python,      // assignments and literals of Python
    shell,       // assignments of a shell script; other lines as "!word"
    systemd,     // unit files
    toml,        // TOML's tables, strings and lists
    words,       // lines of words, in sections that begin with a given word
    xml,         // elements; attributes as @name
    yaml,        // YAML 1.2 without tags
};

std::optional<LensKind> find_lens_kind(std::string_view name);
std::vector<std::string> lens_names();

struct LensOptions {
    LensKind kind = LensKind::words;
    bool lower_names = false;                // names of nodes in lower case
    bool dashes = false;                     // "_" in names becomes "-"
    bool nest = false;                       // properties: a.b is a node b below a
    bool documents = false;                  // yaml: a node "document" for each
    std::vector<std::string> sections;       // words: what begins a section
    std::vector<std::string> line_patterns;  // lines: "define('{key}', '{value}')"
};

struct LensProblem {
    std::optional<SourcePosition> position;
    std::string text;
};

// Adds what `text` says below `under`. Damage is a problem in the list, at most ten of them.
void read_with_lens(const LensOptions& options, const TracedText& text, ConfigTree& tree,
                    NodeId under, std::vector<LensProblem>& problems);

}  // namespace assembler::plugin
