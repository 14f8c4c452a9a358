// SPDX-License-Identifier: Apache-2.0
// A tree of elements as bytes and back: how the process that parses a stranger's text hands over
// what it read. The bytes are untrusted like the text: decode_tree() holds them to every limit of
// parse_document(), and to well-formed text, so that its tree keeps the same promises.
#pragma once

#include <string>
#include <string_view>

#include "ovfkit/xml/document.h"

namespace ovfkit::xml {

std::string encode_tree(const Element& root);

// Throws invalid_input.
Element decode_tree(std::string_view bytes);

}  // namespace ovfkit::xml
