// SPDX-License-Identifier: Apache-2.0
// A machine written as one text (see tree_of_text), and a Reading of it.
#pragma once

#include <string_view>

#include "assembler/introspect/system/reading.h"
#include "tests/support/memory_tree.h"

namespace tests {

struct ReadText {
    explicit ReadText(std::string_view text) : tree(tree_of_text(text)), reading(tree, facts) {}
    explicit ReadText(MemoryTree given) : tree(std::move(given)), reading(tree, facts) {}
    ReadText(const ReadText&) = delete;

    MemoryTree tree;
    assembler::MachineFacts facts;
    assembler::introspect::Reading reading;
};

}  // namespace tests
