// SPDX-License-Identifier: Apache-2.0
// Any files are a machine: they give facts and remarks, which are the same after a way through
// JSON, and no values of secrets. Inputs are trees as tests/support/memory_tree.h writes them.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "assembler/introspect/facts_json.h"
#include "assembler/introspect/introspect.h"
#include "tests/support/memory_tree.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: unsigned char seen as char.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const tests::MemoryTree tree = tests::tree_of_text(text);
    const assembler::MachineFacts facts = assembler::introspect_tree(tree);
    for (const assembler::SecretFact& secret : facts.secrets) {
        if (!secret.value.empty()) {
            std::abort();
        }
    }
    // Bytes that are no UTF-8 are replaced on the way: compared is what was read against itself.
    const base::Json json = base::parse_json(base::to_json_text(to_json(facts)), "facts");
    if (to_json(assembler::machine_facts_from_json(json)) != json) {
        std::abort();
    }
    return 0;
}
