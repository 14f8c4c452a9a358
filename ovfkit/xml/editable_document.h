// SPDX-License-Identifier: Apache-2.0
// XML text that is edited and written back: what is not changed keeps its bytes, and a document
// that nothing changed is returned as it was given. Same limits and errors as parse_document(). A
// changed text is UTF-8, whatever it was before; zero bytes after its end are dropped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/xml/editable_element.h"

namespace ovfkit::xml {

class EditableDocument {
  public:
    // Throws invalid_input as "name:line:column: …".
    EditableDocument(std::string_view text, const std::string& name);

    EditableElement& root() { return *root_; }
    const EditableElement& root() const { return *root_; }
    std::string text() const;

  private:
    std::string serialised() const;

    std::string original_;  // the bytes as given
    std::string initial_;   // the same in UTF-8, without a byte order mark
    bool has_mark_ = false;
    std::vector<EditableNode> nodes_;
    EditableElement* root_ = nullptr;
};

}  // namespace ovfkit::xml
