// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/text_edit.h"

#include "assembler/introspect/generate/source_file.h"
#include "ovfkit/env/config/config_template.h"
#include "tests/support/catch.h"

using namespace assembler;

TEST_CASE("a place is found by line and column, or not at all", "[assembler][generate]") {
    const std::string text = "a = 1\nhost = db\n";
    const auto edit = find_place(text, {"f", 2, 8, 2});
    REQUIRE(edit);
    CHECK(text.substr(edit->offset, edit->length) == "db");
    CHECK_FALSE(find_place(text, {"f", 2, 8, 3}));
    CHECK_FALSE(find_place(text, {"f", 4, 1, 1}));
    CHECK_FALSE(find_place(text, {"f", 0, 1, 1}));
    CHECK_FALSE(find_place(text, {"f", 1, 0, 1}));
}

TEST_CASE("an address is no part of a longer one", "[assembler][generate]") {
    CHECK(find_word("10.0.5.1 10.0.5.10 110.0.5.1 10.0.5.1.2", "10.0.5.1") ==
          std::vector<std::size_t>{0});
    CHECK(find_word("at 10.0.5.1.", "10.0.5.1") == std::vector<std::size_t>{3});
    CHECK(find_word("http://10.0.5.1:80/", "10.0.5.1") == std::vector<std::size_t>{7});
    CHECK(find_word("x10.0.5.1", "10.0.5.1").empty());
}

TEST_CASE("edits that touch each other are not both made", "[assembler][generate]") {
    std::vector<TextEdit> edits;
    CHECK(add_edit(edits, {4, 3, "${a}"}));
    CHECK_FALSE(add_edit(edits, {6, 1, "${b}"}));
    CHECK_FALSE(add_edit(edits, {3, 5, "${b}"}));
    CHECK(add_edit(edits, {7, 1, "${c}"}));
}

TEST_CASE("a template expands to the text it was made of", "[assembler][generate]") {
    const std::string text = "${x} $${y} $ host db;\n$";
    const std::string made = template_text(text, {{18, 2, "${db.host}"}});
    CHECK(made == "$${x} $$${y} $ host ${db.host};\n$");
    const auto expanded = ovfkit::expand_config_template(
        ovfkit::parse_config_template(made),
        [](const std::string& key) { return std::optional(key == "db.host" ? "db" : "wrong"); });
    CHECK(expanded == text);
}

TEST_CASE("only text can be a template", "[assembler][generate]") {
    CHECK(is_plain_text("gr\xC3\xBC\xC3\x9F"));
    CHECK_FALSE(is_plain_text(std::string("a\0b", 3)));
    CHECK_FALSE(is_plain_text("latin \xFC"));
}
