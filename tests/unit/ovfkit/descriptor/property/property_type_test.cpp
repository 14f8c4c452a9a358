// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/property/property_type.h"

#include "tests/support/catch.h"

using ovfkit::parse_property_type;
using Kind = ovfkit::PropertyType::Kind;

TEST_CASE("types of the standard and of VMware's products are known", "[ovfkit][descriptor]") {
    CHECK(parse_property_type("uint8")->bits == 8);
    CHECK(parse_property_type("sint64")->kind == Kind::signed_integer);
    CHECK(parse_property_type("Boolean")->kind == Kind::boolean);
    CHECK(parse_property_type("ip:Network 1")->kind == Kind::ip);
    CHECK(parse_property_type("password(8..)")->minimum == 8);
    CHECK_FALSE(parse_property_type("password(8..)")->maximum);
    CHECK(parse_property_type("string(..15)")->maximum == 15);
    CHECK(parse_property_type("int(1 .. 5)")->minimum == 1);
    const std::vector<std::string> choices{"a", "b c"};
    CHECK(parse_property_type(R"(string["a", "b c"])")->choices == choices);
    CHECK_FALSE(parse_property_type("colour"));
    CHECK_FALSE(parse_property_type(""));
}
