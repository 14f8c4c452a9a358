// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/envelope_queries.h"

#include "tests/support/catch.h"
#include "tests/unit/ovfkit/descriptor/sample_envelope.h"

using namespace ovfkit;  // NOLINT: a test file

TEST_CASE("systems of a tree are found in the order of the descriptor", "[ovfkit][descriptor]") {
    Envelope envelope = tests::sample_envelope();
    VirtualSystemCollection inner;
    inner.id = "inner";
    inner.members = {tests::sample_system("deep", "db-disk", "back")};
    std::get<VirtualSystemCollection>(*envelope.content)
        .members.insert(std::get<VirtualSystemCollection>(*envelope.content).members.begin() + 1,
                        inner);
    const auto systems = all_systems(envelope);
    REQUIRE(systems.size() == 3);
    CHECK(systems[0]->id == "db");
    CHECK(systems[1]->id == "deep");
    CHECK(systems[2]->id == "web");
    CHECK(all_collections(envelope).size() == 2);
    CHECK(find_system(envelope, "deep") == systems[1]);
    CHECK(find_system(envelope, "nobody") == nullptr);
}

TEST_CASE("processors and memory follow the configuration", "[ovfkit][descriptor]") {
    const Envelope envelope = tests::sample_envelope();
    const VirtualSystem& db = *find_system(envelope, "db");
    CHECK(default_configuration(envelope) == "small");
    CHECK(cpus_of(db, "small") == 2);
    CHECK(cpus_of(db, "large") == 4);
    CHECK(memory_bytes_of(db, "small") == 512ULL << 20U);
    CHECK(cpus_of(VirtualSystem{}, "") == 1);
    CHECK(memory_bytes_of(VirtualSystem{}, "") == 0);
}

TEST_CASE("disks come by controller and address, CD-ROMs last", "[ovfkit][descriptor]") {
    Envelope envelope = tests::sample_envelope();
    auto& collection = std::get<VirtualSystemCollection>(*envelope.content);
    auto& items = std::get<VirtualSystem>(collection.members.front()).hardware.front().items;
    HardwareItem cd = tests::item(resource::kCdDrive, "8", "cd");
    cd.parent = "3";
    cd.address_on_parent = 0;
    cd.host_resources = {"ovf:/file/db-kernel"};
    HardwareItem second = tests::item(resource::kDisk, "9", "second");
    second.parent = "3";
    second.address_on_parent = 1;
    second.host_resources = {"/disk/blank"};
    items.insert(items.begin(), {cd, second});
    const auto disks = disks_of(envelope, *find_system(envelope, "db"), "small");
    REQUIRE(disks.size() == 3);
    CHECK(disks[0].disk->id == "db-disk");
    CHECK(disks[0].file->href == "db.vmdk");
    CHECK(disks[0].controller->instance_id == "3");
    CHECK(disks[1].disk->id == "blank");
    CHECK(disks[1].file == nullptr);
    CHECK(disks[2].is_cdrom);
    CHECK(disks[2].file->id == "db-kernel");
}

TEST_CASE("nics have a network and a plain MAC", "[ovfkit][descriptor]") {
    const Envelope envelope = tests::sample_envelope();
    const auto nics = nics_of(*find_system(envelope, "db"), "");
    REQUIRE(nics.size() == 1);
    CHECK(nics[0].network == "back");
    CHECK(nics[0].mac == "00:16:8b:db:00:5e");
    CHECK(is_isolated(envelope, "back"));
    CHECK_FALSE(is_isolated(envelope, "front"));
}

TEST_CASE("properties have their environment key and the value of the configuration",
          "[ovfkit][descriptor]") {
    const Envelope envelope = tests::sample_envelope();
    const auto db = properties_of(*find_system(envelope, "db"), "large");
    REQUIRE(db.size() == 2);
    CHECK(db[0].key == "password");
    CHECK_FALSE(db[0].has_value);
    CHECK(db[1].value == "7");
    CHECK(properties_of(*find_system(envelope, "db"), "small")[1].value == "1");
    CHECK(properties_of(*find_system(envelope, "web"), "")[0].key == "db.password");
    CHECK(environment_key({.class_name = "c", .instance = "1"}, {.key = "k"}) == "c.k.1");
}

TEST_CASE("host resources are read as the field writes them", "[ovfkit][descriptor]") {
    CHECK(parse_host_resource("ovf:/disk/a")->id == "a");
    CHECK(parse_host_resource("ovf://disk/a")->is_disk);
    CHECK(parse_host_resource("/disk/a")->id == "a");
    CHECK_FALSE(parse_host_resource("ovf:/file/b")->is_disk);
    CHECK_FALSE(parse_host_resource("nonsense"));
    CHECK_FALSE(parse_host_resource("ovf:/disk/"));
}
