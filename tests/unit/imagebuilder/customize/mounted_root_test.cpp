// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/mounted_root.h"

#include "base/error.h"
#include "tests/support/catch.h"

TEST_CASE("partitions are read from sfdisk's table", "[imagebuilder][customize]") {
    const auto parts = imagebuilder::parse_disk_parts(R"({"partitiontable": {
        "label": "gpt", "unit": "sectors", "sectorsize": 512, "partitions": [
            {"node": "/tmp/me-1/disk.raw1", "start": 2048, "size": 2048},
            {"node": "/tmp/me-1/disk.raw15", "start": 4096, "size": 100}]}})");
    REQUIRE(parts.size() == 2);
    CHECK(parts[0].number == 1);
    CHECK(parts[0].offset == 2048 * 512);
    CHECK(parts[1].number == 15);
    CHECK(parts[1].bytes == 51200);
    CHECK(imagebuilder::parse_disk_parts(R"({"partitiontable": {"label": "dos"}})").empty());
    CHECK_THROWS_AS(imagebuilder::parse_disk_parts("sfdisk: no"), base::Error);
}
