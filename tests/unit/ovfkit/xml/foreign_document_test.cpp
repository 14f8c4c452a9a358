// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/foreign_document.h"

#include "ovfkit/xml/tree_codec.h"
#include "tests/support/catch.h"

using ovfkit::xml::encode_tree;
using ovfkit::xml::parse_document;
using ovfkit::xml::parse_foreign_document;

namespace {

void check_same_error(const std::string& text) {
    const auto here = tests::error_of([&] { parse_document(text, "a.ovf"); });
    const auto there = tests::error_of([&] { parse_foreign_document(text, "a.ovf"); });
    CHECK(there.kind() == here.kind());
    CHECK(there.message() == here.message());
    CHECK(there.hint() == here.hint());
}

}  // namespace

TEST_CASE("a stranger's document is read as our own is", "[ovfkit][xml]") {
    const std::string text = "<e a='1'>\n <f xmlns='urn:f'>x</f><!-- c -->\xC3\xA9</e>";
    CHECK(encode_tree(parse_foreign_document(text, "a")) == encode_tree(parse_document(text, "a")));
    std::string big = "<e>";
    for (int i = 0; i < 20'000; ++i) {
        big += "<Item id='" + std::to_string(i) + "'>some text</Item>\n";
    }
    big += "</e>";
    CHECK(encode_tree(parse_foreign_document(big, "a")) == encode_tree(parse_document(big, "a")));
}

TEST_CASE("errors of a stranger's document name the same line and column", "[ovfkit][xml]") {
    check_same_error("<e>\n  <f>\n</e>");
    check_same_error("<!DOCTYPE x><e/>");
    check_same_error("<e>&unknown;</e>");
    check_same_error("");
    check_same_error("<?xml version='1.0' encoding='KOI8-R'?><a/>");
    check_same_error("<e>\x1b[2J</e>");
    check_same_error(std::string(ovfkit::xml::kMaxBytes + 1, ' '));
}
