// SPDX-License-Identifier: Apache-2.0
// Any bytes as what the process that parses XML hands over; what is accepted keeps the limits of a
// document and survives being encoded again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "ovfkit/xml/tree_codec.h"

namespace {

int depth_of(const ovfkit::xml::Element& element) {
    int deepest = 0;
    for (const ovfkit::xml::Element& child : element.children) {
        deepest = std::max(deepest, depth_of(child));
    }
    return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: octets seen as chars.
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    try {
        const ovfkit::xml::Element root = ovfkit::xml::decode_tree(bytes);
        const std::string once = ovfkit::xml::encode_tree(root);
        if (depth_of(root) > ovfkit::xml::kMaxDepth ||
            ovfkit::xml::encode_tree(ovfkit::xml::decode_tree(once)) != once) {
            std::abort();
        }
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::invalid_input) {
            std::abort();
        }
    }
    return 0;
}
