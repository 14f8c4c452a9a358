// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/foreign_document.h"

#include "base/error.h"
#include "base/sandbox/sandbox.h"
#include "ovfkit/xml/tree_codec.h"

namespace ovfkit::xml {

Element parse_foreign_document(std::string_view text, const std::string& name) {
    const std::string what = "reading '" + name + "'";
    const std::string tree =
        base::run_sandboxed(what, [&] { return encode_tree(parse_document(text, name)); });
    return base::in_context(what, [&] { return decode_tree(tree); });
}

}  // namespace ovfkit::xml
