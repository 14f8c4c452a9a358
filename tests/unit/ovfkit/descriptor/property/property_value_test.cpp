// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/property/property_value.h"

#include "tests/support/catch.h"

using ovfkit::find_value_fault;

namespace {

std::string fault_of(const std::string& type, const std::string& qualifiers,
                     const std::string& value) {
    return find_value_fault({.key = "k", .type = type, .qualifiers = qualifiers}, value)
        .value_or("");
}

}  // namespace

TEST_CASE("a value fits the type of its property", "[ovfkit][descriptor]") {
    CHECK(fault_of("uint8", "", "255").empty());
    CHECK(fault_of("uint8", "", "256") == "is not a whole number from 0 to 255");
    CHECK(fault_of("uint8", "", "-1") == "is not a whole number from 0 to 255");
    CHECK(fault_of("sint8", "", "-128").empty());
    CHECK(fault_of("sint8", "", "-129") == "is not a whole number from -128 to 127");
    CHECK(fault_of("uint64", "", "18446744073709551615").empty());
    CHECK(fault_of("sint64", "", "-9223372036854775808").empty());
    CHECK(fault_of("real32", "", "1e3").empty());
    CHECK(fault_of("real32", "", "x") == "is not a number");
    CHECK(fault_of("real32", "", "inf") == "is not a number");
    CHECK(fault_of("boolean", "", "True").empty());
    CHECK(fault_of("boolean", "", "yes") == "is neither true nor false");
    CHECK(fault_of("ip:net", "", "fe80::1").empty());
    CHECK(fault_of("ip", "", "1.2.3") == "is not an IP address");
    CHECK(fault_of("string", "", "").empty());
    CHECK(fault_of("colour", "", "red").empty());
}

TEST_CASE("a value fits the qualifiers of its property", "[ovfkit][descriptor]") {
    CHECK(fault_of("string", "MinLen(2),MaxLen(3)", "äö").empty());
    CHECK(fault_of("string", "MinLen(2)", "a") == "is shorter than 2 characters");
    CHECK(fault_of("string", "MaxLen(3)", "abcd") == "is longer than 3 characters");
    CHECK(fault_of("password(8..)", "", "short") == "is shorter than 8 characters");
    CHECK(fault_of("uint16", "MinValue(1)", "0") == "is less than 1");
    CHECK(fault_of("int(0..5)", "", "6") == "is more than 5");
    CHECK(fault_of("string", R"(ValueMap{"a","b"})", "b").empty());
    CHECK(fault_of("string", R"(ValueMap{"a","b"})", "c") == "is not one of a, b");
    CHECK(fault_of("string", "ValueMap{1,2,3,4,5,6,7,8,9}", "x") ==
          "is not one of 1, 2, 3, 4, 5, 6, 7, 8 and others");
    CHECK(fault_of("uint8", "ValueMap{1..3,7}", "2").empty());
    CHECK(fault_of("uint8", "ValueMap{1..3,7}", "07").empty());
    CHECK(fault_of("uint8", "ValueMap{1..3,7}", "4") == "is not one of 1..3, 7");
    CHECK(fault_of("string", "Ip(net)", "10.0.0.1").empty());
    CHECK(fault_of("string", "Ip", "here") == "is not an IP address");
}
