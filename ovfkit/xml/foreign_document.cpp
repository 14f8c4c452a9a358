// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/foreign_document.h"

#include "base/error.h"
#include "base/sandbox/sandbox.h"
#include "ovfkit/xml/tree_codec.h"

namespace ovfkit::xml {

Element parse_foreign_document(std::string_view text, const std::string& name) {
    const std::string what = "reading '" + name + "'";
    // The child fills its copy of this and ends without taking it apart, which takes as long as
    // a tenth of reading.
    Element in_child;
    const std::string tree = base::run_sandboxed(what, [&] {
        in_child = parse_document(text, name);
        return encode_tree(in_child);
    });
    return base::in_context(what, [&] { return decode_tree(tree); });
}

}  // namespace ovfkit::xml
