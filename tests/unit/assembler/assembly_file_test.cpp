// SPDX-License-Identifier: Apache-2.0
#include "assembler/assembly_file.h"

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/sample_assembly.h"

using assembler::parse_assembly;

namespace {

std::string message_of(const std::string& from, const std::string& to) {
    const auto error =
        tests::error_of([&] { parse_assembly(tests::shop_with(from, to), "a.yaml"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    return error.message();
}

}  // namespace

TEST_CASE("an assembly file is read into values", "[assembler]") {
    const auto assembly = parse_assembly(tests::shop_yaml(), "a.yaml");
    CHECK(assembly.name == "shop");
    CHECK(assembly.networks[0].isolated);
    CHECK_FALSE(assembly.networks[1].isolated);
    REQUIRE(assembly.machines.size() == 3);
    const auto& db = assembly.machines[0];
    CHECK(db.memory_bytes == 512ULL << 20U);
    CHECK(db.properties[0].password);
    CHECK(db.properties[0].generate_length == 24);
    CHECK(db.ready->kind == ovfkit::Readiness::Kind::tcp);
    CHECK(db.ready->timeout == std::chrono::minutes(5));
    const auto& app = assembly.machines[1];
    CHECK(app.count == ovfkit::MachineCount{1, 1, 4});
    CHECK(app.properties[0].value_template == "${db.ip.back}");
    CHECK(app.properties[1].value_template == "${db.password}");
    CHECK(app.properties[2].default_value == "4");
    CHECK(assembly.machines[2].disk_bytes == 4ULL << 20U);
    CHECK(assembly.publish[0].port == 80);
    CHECK(assembly.configurations[1].overrides[0].cpus == 4U);
}

TEST_CASE("the shipped assembly is read", "[assembler]") {
    const auto assembly =
        assembler::load_assembly(std::string(MUSTER_SOURCE_DIR) + "/templates/guestbook");
    CHECK(assembly.name == "guestbook");
    CHECK(assembler::start_waves(assembly) ==
          std::vector<std::vector<std::string>>{{"db"}, {"app"}, {"web"}});
    for (const auto& machine : assembly.machines) {
        CHECK(std::filesystem::exists(assembly.folder / machine.image / "recipe.yaml"));
    }
}

TEST_CASE("a machine names the firmware that it boots by", "[assembler]") {
    using Kind = ovfkit::Firmware::Kind;
    CHECK(parse_assembly(tests::shop_yaml(), "a.yaml").machines[0].firmware == Kind::unspecified);
    const auto assembly = parse_assembly(
        tests::shop_with("memory: 512 MiB", "memory: 512 MiB\n    firmware: efi"), "a.yaml");
    CHECK(assembly.machines[0].firmware == Kind::efi);
    CHECK_THAT(message_of("memory: 512 MiB", "memory: 512 MiB\n    firmware: uefi"),
               Catch::StartsWith("a.yaml:14:15: 'uefi' is not a firmware"));
}

TEST_CASE("what the file cannot mean is told with its place", "[assembler]") {
    const std::string unknown = message_of("memory: 512", "memry: 512");
    CHECK_THAT(unknown, Catch::StartsWith("a.yaml:13:"));
    CHECK_THAT(unknown, Catch::Contains("unknown key 'memry' in the machine 'db', did you mean"));
    CHECK_THAT(message_of("muster: 1", "muster: 2"), Catch::StartsWith("a.yaml:1:9: "));
    CHECK_THAT(message_of("name: shop", "name: Shop!"), Catch::Contains("cannot be the name"));
    CHECK_THAT(message_of("512 MiB", "512 sheep"), Catch::StartsWith("a.yaml:13:13: "));
    CHECK_THAT(message_of("512 MiB", "3 MiB"), Catch::Contains("no usable size of memory"));
    CHECK_THAT(message_of("tcp: 5432", "tcp: 99999"), Catch::Contains("not a port"));
    CHECK_THAT(message_of("tcp: 5432,", "tcp: 5432, key: k,"), Catch::Contains("exactly one of"));
    CHECK_THAT(message_of("\":8080/health\"", "\"8080\""), Catch::Contains("place to ask"));
    CHECK_THAT(message_of("min: 1, max: 4", "min: 3, max: 4"), Catch::Contains("cannot be"));
    CHECK_THAT(message_of("port: 80", "port: 0"), Catch::Contains("between 1 and 65535"));
    CHECK_THAT(message_of("cpus: 2", "cpus: 0"), Catch::Contains("between 1 and 1024"));
}

TEST_CASE("names that refer to nothing are told with a guess", "[assembler]") {
    CHECK_THAT(message_of("networks: [front]", "networks: [frnt]"),
               Catch::Contains("unknown network 'frnt', did you mean 'front'?"));
    CHECK_THAT(message_of("after: [db]", "after: [dv]"),
               Catch::Contains("after unknown machine 'dv', did you mean 'db'?"));
    CHECK_THAT(message_of("${db.ip.back}", "${db.ip.front}"),
               Catch::Contains("on network 'front', which it is not on"));
    CHECK_THAT(message_of("\"${db.password}\"", "\"${db.pasword}\""),
               Catch::Contains("unknown property 'pasword' of machine 'db', did you mean"));
    CHECK_THAT(message_of("${app.ips.front}", "${ap.ips.front}"),
               Catch::Contains("unknown machine 'ap'"));
    CHECK_THAT(message_of("machine: web", "machine: wob"),
               Catch::Contains("unknown machine 'wob' is published"));
    CHECK_THAT(message_of("large: { app:", "large: { ape:"),
               Catch::Contains("changes unknown machine 'ape'"));
    CHECK_THAT(message_of("small: { default: true }",
                          "small: { default: true }\n  mid: { default: true }"),
               Catch::Contains("more than one configuration"));
}

TEST_CASE("cycles of machines and of values are told as a path", "[assembler]") {
    CHECK_THAT(message_of("memory: 512 MiB", "after: [web]"),
               Catch::Contains("machines wait for each other: app after db after web after app"));
    CHECK_THAT(message_of("{ type: password, generate: 24 }", "\"${app.db.password}\""),
               Catch::Contains("app.db.password needs db.password needs app.db.password"));
}

TEST_CASE("machines that do not wait for each other share a wave", "[assembler]") {
    const auto assembly = parse_assembly(tests::shop_with("after: [app]", "after: [db]"), "a.yaml");
    CHECK(assembler::start_waves(assembly) ==
          std::vector<std::vector<std::string>>{{"db"}, {"app", "web"}});
}
