// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/property/qualifiers.h"

#include "tests/support/catch.h"

using ovfkit::parse_qualifiers;

TEST_CASE("qualifiers are read with commas, spaces and both kinds of quotes",
          "[ovfkit][descriptor]") {
    const auto both = parse_qualifiers("MinLen(4), MaxLen(16)");
    CHECK(both.min_length == 4);
    CHECK(both.max_length == 16);
    CHECK(both.fault.empty());
    CHECK(parse_qualifiers("MinValue(-1.5) MaxValue(65535)").min_value == -1.5);
    CHECK(parse_qualifiers("MinValue(-1.5) MaxValue(65535)").max_value == 65535);
    const std::vector<std::string> sizes{"small", "very, large", "a\"b"};
    CHECK(parse_qualifiers(R"(ValueMap{"small", 'very, large', "a\"b"})").value_map == sizes);
    const std::vector<std::string> numbers{"1", "2", "3 to 5"};
    CHECK(parse_qualifiers("ValueMap{1, 2 , 3 to 5}").value_map == numbers);
    CHECK(parse_qualifiers("Ip('Network 1')").ip_network == "Network 1");
    CHECK(parse_qualifiers("Ip()").is_ip);
    CHECK(parse_qualifiers("").fault.empty());
    const std::vector<std::string> unknown{"Netmask", "Subnet"};
    CHECK(parse_qualifiers("Netmask('Network 1') Subnet").unknown == unknown);
}

TEST_CASE("qualifiers that are not understood say why", "[ovfkit][descriptor]") {
    CHECK(parse_qualifiers("MinLen(x)").fault == "MinLen needs one number");
    CHECK(parse_qualifiers("MaxLen").fault == "MaxLen needs one number");
    CHECK(parse_qualifiers("ValueMap{\"a\"").fault == "a '}' is missing");
    CHECK(parse_qualifiers("MinLen(1) =").fault == "'='");
}
