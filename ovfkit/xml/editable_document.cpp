// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/editable_document.h"

#include <algorithm>

#include "base/error.h"
#include "base/letter_case.h"
#include "ovfkit/xml/editable_parser.h"
#include "ovfkit/xml/foreign_document.h"
#include "ovfkit/xml/text_encoding.h"

namespace ovfkit::xml {

namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

// <?xml … encoding="ISO-8859-1"?>: what is written is UTF-8.
void declare_utf8(std::string& declaration) {
    const std::size_t key = declaration.find("encoding");
    if (!declaration.starts_with("<?xml") || key == std::string::npos) {
        return;
    }
    const std::size_t open = declaration.find_first_of("\"'", key);
    const std::size_t close =
        open == std::string::npos ? open : declaration.find(declaration[open], open + 1);
    if (close == std::string::npos) {
        return;
    }
    const std::string encoding =
        base::to_lower(std::string_view(declaration).substr(open + 1, close - open - 1));
    if (encoding != "utf-8" && encoding != "utf8") {
        declaration.replace(open + 1, close - open - 1, "UTF-8");
    }
}

}  // namespace

EditableDocument::EditableDocument(std::string_view text, const std::string& name)
    : original_(text), has_mark_(text.starts_with(kUtf8Mark)) {
    parse_foreign_document(text, name);  // throws what is wrong
    initial_ = to_utf8(text, name);
    nodes_ = EditableParser(initial_).parse();
    for (const EditableNode& node : nodes_) {
        if (node.element) {
            root_ = node.element.get();
        }
    }
    if (root_ == nullptr || serialised() != initial_) {
        base::unreachable("XML text that does not survive being taken apart");
    }
}

std::string EditableDocument::serialised() const {
    std::string out;
    out.reserve(initial_.size() + 4096);
    for (const EditableNode& node : nodes_) {
        if (node.element) {
            node.element->append_to(out);
        } else {
            out += node.raw;
        }
    }
    return out;
}

std::string EditableDocument::text() const {
    std::string out = serialised();
    if (out == initial_) {
        return original_;
    }
    if (const std::size_t end = out.find("?>"); out.starts_with("<?xml") && end != out.npos) {
        std::string declaration = out.substr(0, end);
        declare_utf8(declaration);
        out.replace(0, end, declaration);
    }
    return has_mark_ ? std::string(kUtf8Mark) + out : out;
}

}  // namespace ovfkit::xml
