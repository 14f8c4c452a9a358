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
    auto assembly = assembler::parse_assembly(tests::shop_yaml(), "a.yaml");
    assembly.machines.at(2).firmware = ovfkit::Firmware::Kind::efi;
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
    CHECK(ovfkit::firmware_of(app).kind == ovfkit::Firmware::Kind::unspecified);
    CHECK(ovfkit::firmware_of(*ovfkit::find_system(envelope, "web")).kind ==
          ovfkit::Firmware::Kind::efi);
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

namespace {

// A machine alone, with a licence and an open port.
constexpr const char* kAlone = R"(muster: 1
name: blog
version: 2.0.0
eula: Be kind.
product: { name: Blog, vendor: Example }
networks:
  front: { isolated: true }
machines:
  web:
    image: web.raw
    networks: [front]
    properties:
      db.host: { value: "here" }
      title:   { type: string, default: "Hello", user: true, label: "Title" }
publish:
  - { machine: web, port: 80, as: http }
)";

ovfkit::Envelope blog(ovfkit::Profile profile) {
    assembler::ImageSet images;
    images.files = {{{}, "file1", "web-disk.vmdk", 1000, "", std::nullopt}};
    images.machines["web"] = {"file1", 1U << 30U, 512, "", "", ""};
    return assembler::envelope_of_assembly(assembler::parse_assembly(kAlone, "a.yaml"), images,
                                           profile);
}

}  // namespace

TEST_CASE("a machine alone is no collection, and loses nothing by that", "[assembler]") {
    for (const ovfkit::Profile profile : ovfkit::kAllProfiles) {
        CAPTURE(ovfkit::to_string(profile));
        const auto envelope = blog(profile);
        const auto reading = ovfkit::examine_envelope(ovfkit::write_envelope(envelope), "blog.ovf");
        CHECK(reading.diagnostics.empty());
        CHECK(reading.envelope == envelope);
        REQUIRE(std::holds_alternative<ovfkit::VirtualSystem>(*envelope.content));
        const auto& system = std::get<ovfkit::VirtualSystem>(*envelope.content);
        CHECK(system.id == "web");
        CHECK(system.name == "blog");
        CHECK(system.eulas.at(0).license == "Be kind.");
        REQUIRE(system.products.size() == 2);
        CHECK(system.products[1].product == "Blog");
        CHECK(system.products[1].version == "2.0.0");
        CHECK(system.products[1].properties.at(0).key == "title");
        REQUIRE(ovfkit::find_assembly(envelope) != nullptr);
        CHECK(ovfkit::find_assembly(envelope)->publish.at(0).port == 80);
        CHECK(ovfkit::is_isolated(envelope, "front"));
    }
}

TEST_CASE("a profile chooses the hardware", "[assembler]") {
    const auto disks_of = [](ovfkit::Profile profile) {
        const auto envelope = blog(profile);
        const auto disks = ovfkit::disks_of(envelope, *ovfkit::find_system(envelope, "web"), "");
        return disks.at(0).controller->resource_subtype;
    };
    CHECK(disks_of(ovfkit::Profile::generic) == "VirtualSCSI");
    CHECK(disks_of(ovfkit::Profile::vmware) == "VirtualSCSI");
    CHECK(disks_of(ovfkit::Profile::virtualbox) == "VirtioSCSI");
    const auto vmware = blog(ovfkit::Profile::vmware);
    const auto& system = *ovfkit::find_system(vmware, "web");
    CHECK(system.os->vmware_type == "debian10_64Guest");
    CHECK(system.hardware.at(0).settings.at(0).key == "firmware");
    CHECK(blog(ovfkit::Profile::generic) == blog(ovfkit::Profile::generic));
}
