// SPDX-License-Identifier: Apache-2.0
// Any bytes through every lens: the tree keeps its bounds, and every value stands where its place
// says. The first byte chooses the lens; what the values hold goes through the parsers of
// addresses.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "assembler/introspect/plugin/endpoint/endpoint.h"
#include "assembler/introspect/plugin/lens/lens.h"

namespace {

using namespace assembler::plugin;

void check_place(const TracedText& value, const std::string& text) {
    const auto position = value.position();
    if (position && text.compare(position->offset, value.text().size(), value.text()) != 0) {
        std::abort();
    }
}

void check_endpoints(const TracedText& value, const std::string& text) {
    for (const bool listens : {false, true}) {
        for (const Endpoint& endpoint :
             listens ? parse_listen_endpoints(value) : parse_endpoints(value)) {
            check_place(endpoint.host, text);
            check_place(endpoint.port, text);
            check_place(endpoint.password, text);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::vector<std::string> names = lens_names();
    LensOptions options;
    options.kind = *find_lens_kind(names[data[0] % names.size()]);
    options.lower_names = (data[0] & 0x80U) != 0;
    options.nest = options.documents = (data[0] & 0x40U) != 0;
    options.sections = {"backend", "global"};
    options.line_patterns = {"define( '{key}', '{value}' )", "{a}:{b}", "{a} {b}"};
    // SAFETY: octets seen as chars.
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    ConfigTree tree;
    std::vector<LensProblem> problems;
    read_with_lens(options, TracedText(text, {0, 0}), tree, ConfigTree::kRoot, problems);
    if (tree.size() > ConfigTree::kMaxNodes || problems.size() > 11) {
        std::abort();
    }
    for (NodeId id = 0; id < tree.size(); ++id) {
        const ConfigNode& node = tree.node(id);
        if (node.depth > ConfigTree::kMaxDepth || (id > 0 && node.parent >= id)) {
            std::abort();
        }
        for (const TracedText& value : node.values) {
            check_place(value, text);
            check_endpoints(value, text);
        }
    }
    return 0;
}
