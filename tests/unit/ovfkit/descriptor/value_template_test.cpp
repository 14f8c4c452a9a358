// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/value_template.h"

#include "tests/support/catch.h"

using ovfkit::parse_value_template;
using ovfkit::TemplateReference;

TEST_CASE("a template is text and references", "[ovfkit][descriptor]") {
    const auto parts = parse_value_template("http://${db.ip.back}:80/$${x}");
    REQUIRE(parts.size() == 3);
    CHECK(parts[0].text == "http://");
    CHECK(parts[1].reference == TemplateReference{TemplateReference::Kind::ip, "db", "back"});
    CHECK(parts[2].text == ":80/${x}");
    CHECK(parse_value_template("${app.ips.front}").front().reference ==
          TemplateReference{TemplateReference::Kind::ips, "app", "front"});
    CHECK(parse_value_template("${db.a.b}").front().reference ==
          TemplateReference{TemplateReference::Kind::property, "db", "a.b"});
    CHECK(parse_value_template("").empty());
    CHECK(parse_value_template("$5").front().text == "$5");
}

TEST_CASE("what is no reference is an error quoting it", "[ovfkit][descriptor]") {
    for (const char* text :
         {"${db}", "${.x}", "${db.}", "${db.ip.}", "${db.x", "${a b.c}", "${}"}) {
        INFO(text);
        const auto error = tests::error_of([&] { parse_value_template(text); });
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        CHECK_THAT(error.message(), Catch::Contains(text));
    }
}
