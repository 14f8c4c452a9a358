// SPDX-License-Identifier: Apache-2.0
// Whatever parse_document() accepts can be taken apart for editing and put together again
// unchanged.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "ovfkit/xml/document.h"
#include "ovfkit/xml/editable_parser.h"
#include "ovfkit/xml/text_encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // SAFETY: octets seen as chars.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string utf8;
    try {
        ovfkit::xml::parse_document(text, "fuzz.xml");
        utf8 = ovfkit::xml::to_utf8(text, "fuzz.xml");
    } catch (const base::Error&) {  // refused
        return 0;
    }
    std::string again;
    for (const ovfkit::xml::EditableNode& node : ovfkit::xml::EditableParser(utf8).parse()) {
        if (node.element) {
            node.element->append_to(again);
        } else {
            again += node.raw;
        }
    }
    if (again != utf8) {
        std::abort();
    }
    return 0;
}
