// SPDX-License-Identifier: Apache-2.0
// Splits XML text into the nodes of an editable document. The text was found to be well-formed by
// parse_document() before; a text that was not is an internal error, never an overrun.
#pragma once

#include <string_view>
#include <vector>

#include "ovfkit/xml/editable_element.h"

namespace ovfkit::xml {

class EditableParser {
  public:
    explicit EditableParser(std::string_view text) : text_(text) {}
    // The nodes at the top: the declaration, comments, the root element.
    std::vector<EditableNode> parse();

  private:
    std::vector<EditableNode> parse_nodes(EditableElement* parent);
    std::unique_ptr<EditableElement> parse_element(EditableElement* parent);
    EditableAttribute parse_attribute();
    std::string_view take_until(std::string_view end);  // and the end
    std::string_view take_while(bool (*belongs)(char));
    void expect(std::string_view what);
    bool looking_at(std::string_view what) const { return text_.substr(at_).starts_with(what); }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace ovfkit::xml
