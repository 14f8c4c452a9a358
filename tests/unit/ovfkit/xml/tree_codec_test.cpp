// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/xml/tree_codec.h"

#include "tests/support/catch.h"

using ovfkit::xml::decode_tree;
using ovfkit::xml::Element;
using ovfkit::xml::encode_tree;

namespace {

Element sample() {
    return ovfkit::xml::parse_document(
        "<a xmlns='urn:one' xmlns:t='urn:two' t:x='1' y='&lt;&#10;'>\n  text \xC3\xA9\n"
        "  <t:b/><c t:x=''><d>deep</d></c></a>",
        "a.xml");
}

std::string number(std::uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7U) {
        bytes += static_cast<char>((value & 0x7fU) | 0x80U);
    }
    return bytes + static_cast<char>(value);
}

std::string text(const std::string& value) {
    return number(value.size()) + value;
}

// Place, namespace 0, then the rest as given.
std::string head(const std::string& name, bool first = false) {
    return number(1) + number(1) + number(0) + (first ? text("urn:x") : "") + text(name);
}

void check_refused(const std::string& bytes, const std::string& why) {
    const auto error = tests::error_of([&] { decode_tree(bytes); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK(error.message() == "an encoded tree " + why);
}

}  // namespace

TEST_CASE("a tree survives being encoded", "[ovfkit][xml]") {
    const Element before = sample();
    const Element after = decode_tree(encode_tree(before));
    // Places compare equal always, so they are looked at one by one.
    CHECK(encode_tree(after) == encode_tree(before));
    CHECK(after.namespace_uri == "urn:one");
    CHECK(after.find_attribute("urn:two", "x") == "1");
    CHECK(after.find_attribute("y") == "<\n");
    CHECK(after.text == before.text);
    REQUIRE(after.children.size() == 2);
    CHECK(after.children[0].namespace_uri == "urn:two");
    CHECK(after.children[1].place.line == 3);
    CHECK(after.children[1].place.column == 9);
    CHECK(after.children[1].children.at(0).text == "deep");
}

TEST_CASE("an encoded tree that is cut anywhere is refused", "[ovfkit][xml]") {
    const std::string bytes = encode_tree(sample());
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        CHECK_THROWS_AS(decode_tree(bytes.substr(0, length)), base::Error);
    }
    check_refused(bytes + "x", "goes on after its end");
}

TEST_CASE("counts and lengths of an encoded tree are not believed", "[ovfkit][xml]") {
    const std::uint64_t huge = 1ULL << 60U;
    check_refused(head("a", true) + number(huge) + "x", "ends too early");
    check_refused(head("a", true) + text("") + number(huge), "is over the limits");
    check_refused(head("a", true) + text("") + number(0) + number(huge), "ends too early");
    check_refused(std::string(10, '\xff'), "has a number that is too long");
    check_refused(number(1ULL << 40U) + number(1), "has an element at an impossible place");
    check_refused(number(1) + number(1) + number(7), "names a namespace that it has not");
}

TEST_CASE("an encoded tree keeps the limits of a document", "[ovfkit][xml]") {
    std::string deep = head("a", true) + text("") + number(0);
    for (int i = 1; i < ovfkit::xml::kMaxDepth + 1; ++i) {
        deep += number(1) + head("a") + text("") + number(0);
    }
    check_refused(deep + number(0), "is over the limits");

    std::string wide = head("a", true) + text("") + number(0) + number(1'000'000);
    for (int i = 0; i < ovfkit::xml::kMaxElements; ++i) {
        wide += head("a") + text("") + number(0) + number(0);
    }
    check_refused(wide, "is over the limits");

    // A long namespace that very many elements name in one byte.
    std::string echo = number(1) + number(1) + number(0) + text(std::string(1U << 20U, 'n')) +
                       text("a") + text("") + number(0) + number(64);
    for (int i = 0; i < 64; ++i) {
        echo += head("a") + text("") + number(0) + number(0);
    }
    check_refused(echo, "is over the limits");
}

TEST_CASE("texts of an encoded tree are XML characters", "[ovfkit][xml]") {
    for (const std::string bad : {"\x1b[2J", "\xff", "\xC3", "\xED\xA0\x80"}) {
        check_refused(head("a", true) + text(bad) + number(0) + number(0),
                      "has a text with a character that XML cannot have");
    }
}
