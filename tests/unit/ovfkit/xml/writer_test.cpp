// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/writer.h"

#include "ovfkit/xml/document.h"
#include "tests/support/catch.h"

using ovfkit::xml::Writer;

TEST_CASE("what the writer escapes the reader gets back", "[ovfkit][xml]") {
    const std::string value = "\"&<>'\n\t\r]]> \xF0\x9F\x98\x80 ${x}";
    Writer writer;
    writer.open("a");
    writer.attribute("v", value);
    writer.element("b", value);
    writer.close();
    const auto root = ovfkit::xml::parse_document(writer.finish(), "a");
    CHECK(root.find_attribute("v") == value);
    CHECK(root.children[0].text == value);
}

TEST_CASE("elements are indented and empty ones closed at once", "[ovfkit][xml]") {
    Writer writer;
    writer.open("a");
    writer.element("b", "x");
    writer.open("c");
    writer.attribute("n", std::uint64_t{7});
    writer.flag("f", true);
    writer.close();
    writer.close();
    CHECK(writer.finish() ==
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<a>\n  <b>x</b>\n  <c n=\"7\" f=\"true\"/>\n</a>\n");
}

TEST_CASE("characters that XML cannot carry are errors that name the place", "[ovfkit][xml]") {
    Writer writer;
    writer.open("Property");
    const auto error = tests::error_of([&] { writer.attribute("value", "ab\x01"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK_THAT(error.message(),
               Catch::StartsWith("attribute 'value' of 'Property': byte 3 (0x01)"));
    CHECK_THROWS(writer.attribute("value", "\xFF"));
    CHECK_THROWS(writer.text(std::string("\0", 1)));
}
