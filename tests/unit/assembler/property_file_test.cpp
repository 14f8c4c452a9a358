// SPDX-License-Identifier: Apache-2.0
#include "assembler/property_file.h"

#include "tests/support/catch.h"

namespace {

assembler::AssemblyProperty property(const std::string& text) {
    return assembler::parse_properties(base::parse_yaml(text, "p.yaml")).front();
}

std::string message_of(const std::string& text) {
    return tests::error_of([&] { property(text); }).message();
}

}  // namespace

TEST_CASE("a property is a value, a default or generated", "[assembler]") {
    CHECK(property("k: v").default_value == "v");
    CHECK(property("k: \"${a.b}\"").value_template == "${a.b}");
    CHECK(property("k: { value: \"$${a.b}\" }").default_value == "${a.b}");
    CHECK(property("k: { type: int, default: -5 }").type == "sint32");
    CHECK(property("k: { type: password }").password);
    CHECK(property("k: { required: true, user: true }").required);
    CHECK_THAT(message_of("k: { value: a, default: b }"), Catch::Contains("more than one of"));
}

TEST_CASE("types are known and defaults are of their type", "[assembler]") {
    CHECK_THAT(
        message_of("k: { type: strin }"),
        Catch::StartsWith("p.yaml:1:12: unknown property type 'strin', did you mean 'string'?"));
    CHECK_THAT(message_of("k: { type: uint8, default: 256 }"), Catch::Contains("from 0 to 255"));
    CHECK_THAT(message_of("k: { type: boolean, default: maybe }"), Catch::Contains("neither true"));
    CHECK_THAT(message_of("k: { type: int, generate: 9 }"), Catch::Contains("can be generated"));
    CHECK_THAT(message_of("k: { generate: 2 }"), Catch::Contains("2 is no usable length"));
    CHECK(assembler::value_fault("sint8", "-128").empty());
    CHECK_FALSE(assembler::value_fault("sint8", "-129").empty());
    CHECK(assembler::value_fault("uint64", "18446744073709551615").empty());
    CHECK_FALSE(assembler::value_fault("uint64", "18446744073709551616").empty());
    CHECK(assembler::value_fault("real64", "1.5e3").empty());
    CHECK_FALSE(assembler::value_fault("real64", "x").empty());
}

TEST_CASE("keys that a reference could not name are refused", "[assembler]") {
    for (const char* key : {"\".a\"", "\"a.\"", "\"a..b\"", "\"ip.x\"", "\"a b\"", "\"a:b\""}) {
        INFO(key);
        CHECK_THAT(message_of(std::string(key) + ": v"), Catch::Contains("cannot be the key"));
    }
}
