// SPDX-License-Identifier: Apache-2.0
// How much of what is there introspection finds, over stacks with a truth written by hand.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "assembler/introspect/connect/match_connections.h"
#include "assembler/introspect/introspect.h"
#include "imagebuilder/filetree/directory_tree.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/truth/truth.h"

namespace {

namespace fs = std::filesystem;
using assembler::MachineFacts;

std::vector<fs::path> folders_in(const fs::path& folder) {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.is_directory()) {
            folders.push_back(entry.path());
        }
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

tests::Score score_of_stack(const fs::path& stack) {
    static const auto plugins =
        assembler::load_plugins({std::string(MUSTER_SOURCE_DIR) + "/assembler/introspect/plugins"});
    std::vector<MachineFacts> machines;
    for (const fs::path& folder : folders_in(stack)) {
        const auto tree = imagebuilder::open_directory_tree(folder.string());
        machines.push_back(assembler::introspect_tree(
            *tree, {.name = folder.filename().string(), .plugins = plugins}));
    }
    return tests::score_findings(tests::read_truth(stack / "truth.yaml"), machines,
                                 assembler::match_connections(machines));
}

std::string columns_of(const tests::Tally& tally) {
    return fmt::format("{} | {} | {}", tally.right, tally.missed, tally.wrong);
}

}  // namespace

TEST_CASE("introspection finds what is in the stacks, and little else", "[truth]") {
    std::string table =
        "| stack | inputs: right | missed | wrong | connections: right | missed | wrong "
        "| externals: right | missed | wrong |\n|---|---|---|---|---|---|---|---|---|---|\n";
    tests::Score all;
    std::string details;
    for (const fs::path& stack :
         folders_in(std::string(MUSTER_SOURCE_DIR) + "/tests/data/introspect")) {
        const tests::Score score = score_of_stack(stack);
        table += fmt::format("| {} | {} | {} | {} |\n", stack.filename().string(),
                             columns_of(score.inputs), columns_of(score.connections),
                             columns_of(score.externals));
        for (const std::string& remark : score.all().remarks) {
            details += fmt::format("{}: {}\n", stack.filename().string(), remark);
        }
        all.inputs.add(score.inputs);
        all.connections.add(score.connections);
        all.externals.add(score.externals);
    }
    table += fmt::format("| all | {} | {} | {} |\n", columns_of(all.inputs),
                         columns_of(all.connections), columns_of(all.externals));
    const tests::Tally total = all.all();
    std::cout << table
              << fmt::format("recall {:.3f}, precision {:.3f}\n", total.recall(), total.precision())
              << details;
    CHECK(total.recall() >= 0.97);
    CHECK(total.precision() >= 0.97);
    CHECK(all.connections.recall() >= 0.97);
    CHECK(all.connections.precision() >= 0.97);
}
