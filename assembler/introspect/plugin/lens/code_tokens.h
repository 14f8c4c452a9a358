// SPDX-License-Identifier: Apache-2.0
// The tokens of source text in PHP, Python or JavaScript: as much of these languages as settings
// are written in. Nothing is run. Internal to the lenses.
#pragma once

#include <string_view>
#include <vector>

#include "assembler/introspect/plugin/lens/lens_output.h"

namespace assembler::plugin {

struct CodeToken {
    enum class Kind { name, number, text, mark, line_end, end };
    Kind kind = Kind::end;
    std::string_view written;   // of a text: what stands between its quotes
    std::size_t begin = 0;      // of `written`
    bool escapes = false;       // a text in which a backslash is one
    bool interpolates = false;  // a text that may hold names: "…$x…", `…${x}…`, f"…{x}…"
};

// Ends with a token `end`. At most 200,000; the rest is left out.
std::vector<CodeToken> split_code(const LensOutput& out);

// A text's content: names in it become "${name}", as references do.
TracedText text_of_token(const LensOutput& out, const CodeToken& token);

}  // namespace assembler::plugin
