// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/document.h"

#include "tests/support/catch.h"

using ovfkit::xml::parse_document;

namespace {

std::string message_of(const std::string& text) {
    const auto error = tests::error_of([&] { parse_document(text, "a.ovf"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    return error.message();
}

std::string nested(int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) {
        text += "<a>";
    }
    for (int i = 0; i < depth; ++i) {
        text += "</a>";
    }
    return text;
}

}  // namespace

TEST_CASE("names are resolved to namespaces, whatever the prefix", "[ovfkit][xml]") {
    const auto root = parse_document(
        R"(<e xmlns="urn:x" xmlns:p="urn:p"><p:f p:id="1" id="2"/><g xmlns="urn:y"/><q:h/></e>)",
        "a");
    CHECK(root.namespace_uri == "urn:x");
    REQUIRE(root.children.size() == 3);
    CHECK(root.children[0].local_name == "f");
    CHECK(root.children[0].namespace_uri == "urn:p");
    CHECK(root.children[0].find_attribute("id") == "1");
    CHECK(root.children[0].find_attribute("", "id") == "2");
    CHECK(root.children[1].namespace_uri == "urn:y");
    CHECK(root.children[2].namespace_uri == "unbound:q");
}

TEST_CASE("another vendor's attribute is never taken for ours", "[ovfkit][xml]") {
    const auto root = parse_document(
        R"(<e xmlns:v="urn:v" xmlns:o="http://schemas.dmtf.org/ovf/envelope/1" v:a="1" o:b="2"/>)",
        "a");
    CHECK_FALSE(root.find_attribute("a"));
    CHECK(root.find_attribute("b") == "2");
}

TEST_CASE("a binding ends with its element", "[ovfkit][xml]") {
    const auto root = parse_document(R"(<e><a xmlns="urn:a"><b/></a><c/></e>)", "a");
    CHECK(root.children[0].children[0].namespace_uri == "urn:a");
    CHECK(root.children[1].namespace_uri.empty());
}

TEST_CASE("elements know their line and column", "[ovfkit][xml]") {
    const auto root = parse_document("<?xml version='1.0'?>\n<e>\n  <f/>\n</e>", "a");
    CHECK(root.place.line == 2);
    CHECK(root.place.column == 1);
    CHECK(root.children[0].place.line == 3);
    CHECK(root.children[0].place.column == 3);
}

TEST_CASE("text, CDATA and references are joined", "[ovfkit][xml]") {
    const auto root = parse_document("<e> a&amp;b&#65;&#x42;<![CDATA[<&>]]><!-- no --> </e>", "a");
    CHECK(root.trimmed_text() == "a&bAB<&>");
}

TEST_CASE("a DOCTYPE is refused with its place", "[ovfkit][xml]") {
    CHECK_THAT(message_of("<?xml version='1.0'?>\n <!DOCTYPE e [<!ENTITY x SYSTEM "
                          "'file:///etc/passwd'>]><e>&x;</e>"),
               Catch::StartsWith("a.ovf:2:2: DOCTYPE"));
    CHECK_THAT(message_of("<e><!doctype e></e>"), Catch::Contains("DOCTYPE"));
}

TEST_CASE("a DOCTYPE inside a comment or CDATA is text", "[ovfkit][xml]") {
    CHECK(parse_document("<!-- <!DOCTYPE e> --><e><![CDATA[<!DOCTYPE e>]]></e>", "a").text ==
          "<!DOCTYPE e>");
}

TEST_CASE("what is not well-formed is refused", "[ovfkit][xml]") {
    CHECK_THAT(message_of(""), Catch::Contains("no XML element"));
    CHECK_THAT(message_of("<html><body></html>"), Catch::Contains("not well-formed"));
    CHECK_THAT(message_of("<a/><b/>"), Catch::Contains("second root"));
    CHECK_THAT(message_of("<a/>x"), Catch::Contains("outside of the root"));
    CHECK_THAT(message_of("<a>&nbsp;</a>"), Catch::Contains("unknown entity '&nbsp;'"));
    CHECK_THAT(message_of("<a>x & y</a>"), Catch::Contains("'&amp;'"));
    CHECK_THAT(message_of("<a>&#0;</a>"), Catch::Contains("names no XML character"));
    CHECK_THAT(message_of("<a>\x01</a>"), Catch::Contains("U+0001"));
    CHECK_THAT(message_of("<a>\xC3(</a>"), Catch::Contains("not UTF-8"));
    CHECK_THAT(message_of("<a x='1' x='2'/>"), Catch::Contains("'x' twice"));
    CHECK_THAT(message_of("<a x='1'"), Catch::Contains("no end"));
    CHECK_THAT(message_of("<a>"), Catch::Contains("not well-formed"));
    CHECK_THAT(message_of("</a>"), Catch::Contains("without its start"));
}

TEST_CASE("depth, attributes, elements and size have limits", "[ovfkit][xml]") {
    CHECK_NOTHROW(parse_document(nested(64), "a"));
    CHECK_THAT(message_of(nested(65)), Catch::Contains("nested deeper"));
    std::string attributes = "<a";
    for (int i = 0; i < 129; ++i) {
        attributes += " a" + std::to_string(i) + "=''";
    }
    CHECK_THAT(message_of(attributes + "/>"), Catch::Contains("more than 128 attributes"));
    std::string elements = "<a>";
    for (int i = 0; i < 200'000; ++i) {
        elements += "<b/>";
    }
    CHECK_THAT(message_of(elements + "</a>"), Catch::Contains("more than 200000 elements"));
    CHECK_THAT(message_of(std::string((16U << 20U) + 1, ' ')), Catch::Contains("over the limit"));
}

TEST_CASE("byte order marks, zero padding and other encodings are read", "[ovfkit][xml]") {
    CHECK(parse_document("\xEF\xBB\xBF<a>x</a>", "a").text == "x");
    CHECK(parse_document(std::string("<a>x</a>\n\0\0\0", 12), "a").text == "x");
    CHECK(parse_document("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>", "a").text ==
          "\xC3\xA9");
    std::string utf16 = "\xFF\xFE";
    for (const char c : std::string("<a>x</a>")) {
        utf16 += c;
        utf16 += '\0';
    }
    CHECK(parse_document(utf16, "a").text == "x");
    const auto error =
        tests::error_of([] { parse_document("<?xml version='1.0' encoding='KOI8-R'?><a/>", "a"); });
    CHECK(error.kind() == base::ErrorKind::unsupported);
}

TEST_CASE("a long namespace that many elements share does not fill the memory", "[ovfkit][xml]") {
    std::string text = "<a xmlns='" + std::string(1U << 20U, 'n') + "'>";
    for (int i = 0; i < 64; ++i) {
        text += "<b/>";
    }
    CHECK_THAT(message_of(text + "</a>"), Catch::Contains("namespaces of all names are longer"));
}
