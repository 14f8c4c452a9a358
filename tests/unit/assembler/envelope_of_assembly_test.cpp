// SPDX-License-Identifier: Apache-2.0
#include "assembler/envelope_of_assembly.h"

#include <cstdlib>
#include <filesystem>

#include "assembler/assembly_file.h"
#include "base/file.h"
#include "base/process.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/descriptor/write_envelope.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/sample_assembly.h"

namespace {

ovfkit::Envelope shop() {
    const auto assembly = assembler::parse_assembly(tests::shop_yaml(), "a.yaml");
    assembler::ImageSet images;
    images.files = {{{}, "file1", "db-disk.vmdk", 1000, "", std::nullopt},
                    {{}, "file2", "db.vmlinuz", 10, "", std::nullopt},
                    {{}, "file3", "app-disk.vmdk", 2000, "", std::nullopt}};
    images.machines["db"] = {"file1", 1U << 30U, 512, "file2", "", "quiet"};
    images.machines["app"] = {"file3", 2U << 30U, std::nullopt, "", "", ""};
    images.machines["web"] = {"file3", 2U << 30U, std::nullopt, "", "", ""};
    return assembler::envelope_of_assembly(assembly, images);
}

}  // namespace

TEST_CASE("the envelope of an assembly has nothing to complain about", "[assembler]") {
    const auto reading = ovfkit::examine_envelope(ovfkit::write_envelope(shop()), "shop.ovf");
    for (const auto& diagnostic : reading.diagnostics) {
        FAIL_CHECK(ovfkit::format_diagnostic(diagnostic, "shop.ovf"));
    }
    CHECK(reading.envelope == shop());
}

TEST_CASE("machines, disks, networks and wiring are in the envelope", "[assembler]") {
    const auto envelope = shop();
    const auto& app = *ovfkit::find_system(envelope, "app");
    CHECK(ovfkit::cpus_of(app, "small") == 1);
    CHECK(ovfkit::cpus_of(app, "large") == 4);
    CHECK(ovfkit::memory_bytes_of(app, "large") == 4ULL << 30U);
    const auto disks = ovfkit::disks_of(envelope, app, "small");
    REQUIRE(disks.size() == 1);
    CHECK(disks[0].file->href == "app-disk.vmdk");
    CHECK(disks[0].controller->resource_subtype == "VirtualSCSI");
    const auto nics = ovfkit::nics_of(app, "small");
    REQUIRE(nics.size() == 2);
    CHECK(nics[0].network == "back");
    CHECK(nics[1].network == "front");
    CHECK(ovfkit::is_isolated(envelope, "back"));
    CHECK(ovfkit::find_system(envelope, "db")->machine->boot->kernel_file == "file2");
    CHECK_FALSE(app.machine->boot);
    CHECK(app.machine->count.maximum == 4);
}

TEST_CASE("keys with dots become classes and reach the guest as they were", "[assembler]") {
    const auto envelope = shop();
    const auto& app = *ovfkit::find_system(envelope, "app");
    REQUIRE(app.products.size() == 2);
    CHECK(app.products[0].class_name == "db");
    CHECK(app.products[0].properties[0].key == "host");
    const auto properties = ovfkit::properties_of(app, "small");
    CHECK(properties[0].key == "db.host");
    CHECK(properties[1].property->value_template == "${db.password}");
    CHECK(properties[2].key == "workers");
    CHECK(properties[2].value == "4");
}

TEST_CASE("start waves begin with order 1", "[assembler]") {
    const auto envelope = shop();
    const auto& collection = std::get<ovfkit::VirtualSystemCollection>(*envelope.content);
    REQUIRE(collection.startup.size() == 3);
    CHECK(collection.startup[0].id == "db");
    CHECK(collection.startup[0].order == 1);
    CHECK(collection.startup[2].id == "web");
    CHECK(collection.startup[2].order == 3);
    CHECK(collection.startup[0].stop_action == "guestShutdown");
    CHECK(collection.eulas[0].license == "Be kind.");
}
