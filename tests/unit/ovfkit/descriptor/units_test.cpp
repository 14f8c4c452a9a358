// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/units.h"

#include "tests/support/catch.h"

using ovfkit::unit_factor;

TEST_CASE("units of the standard and of the field are understood", "[ovfkit][descriptor]") {
    CHECK(unit_factor("") == 1);
    CHECK(unit_factor("byte") == 1);
    CHECK(unit_factor("byte * 2^20") == 1U << 20U);
    CHECK(unit_factor("Byte*2^+30") == 1U << 30U);
    CHECK(unit_factor("byte * 10^9") == 1'000'000'000);
    CHECK(unit_factor("byte*1024*1024") == 1U << 20U);
    CHECK(unit_factor("MegaBytes") == 1U << 20U);
    CHECK(unit_factor("hertz * 10^6") == 1'000'000);
}

TEST_CASE("other units and too large ones are not", "[ovfkit][descriptor]") {
    CHECK_FALSE(unit_factor("furlong"));
    CHECK_FALSE(unit_factor("byte * 2^64"));
    CHECK_FALSE(unit_factor("byte * 2^60 * 2^60"));
    CHECK_FALSE(unit_factor("byte * "));
    CHECK_FALSE(unit_factor("byte * 2^-3"));
    CHECK_FALSE(ovfkit::multiply(1ULL << 40U, 1ULL << 40U));
}
