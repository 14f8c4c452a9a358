// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/assembly_of_facts.h"

#include <algorithm>

#include "assembler/assembly_file.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/generate/generated_shop.h"

using namespace assembler;

namespace {

const AssemblyMachine& machine_in(const Assembly& assembly, const std::string& name) {
    return *std::find_if(assembly.machines.begin(), assembly.machines.end(),
                         [&](const AssemblyMachine& machine) { return machine.name == name; });
}

const AssemblyProperty* property_in(const AssemblyMachine& machine, const std::string& key) {
    for (const AssemblyProperty& property : machine.properties) {
        if (property.key == key) {
            return &property;
        }
    }
    return nullptr;
}

}  // namespace

TEST_CASE("the assembly file of found machines loads again", "[assembler][generate]") {
    const tests::GeneratedShop shop(tests::shop_facts(), {{"app:/etc/hosts", tests::shop_hosts()}});
    const std::string text = shop.assembly(
        {.name = "Shop", .machines = {{"db", {"../disks/db.qcow2", 2, std::uint64_t{3} << 30U}}}});
    INFO(text);
    const Assembly assembly = parse_assembly(text, "assembly.yaml");
    CHECK(assembly.name == "shop");
    REQUIRE(assembly.networks.size() == 1);
    CHECK(assembly.networks[0].description == "was 10.0.5.0/24");
    CHECK(start_waves(assembly) == std::vector<std::vector<std::string>>{{"db"}, {"app"}, {"web"}});

    const AssemblyMachine& db = machine_in(assembly, "db");
    CHECK(db.image == "../disks/db.qcow2");
    CHECK(db.cpus == 2);
    CHECK(db.memory_bytes == std::uint64_t{3} << 30U);
    REQUIRE(db.ready);
    CHECK(db.ready->target == "5432");
    REQUIRE(property_in(db, "postgresql.port") != nullptr);
    CHECK(property_in(db, "postgresql.port")->default_value == "5432");

    const AssemblyMachine& app = machine_in(assembly, "app");
    CHECK(app.image == "app.qcow2");
    REQUIRE(property_in(app, "db.ip") != nullptr);
    CHECK(property_in(app, "db.ip")->value_template == "${db.ip.net}");
    CHECK(property_in(app, "db.host") == nullptr);  // a name of /etc/hosts
    CHECK(property_in(app, "db.port")->value_template == "${db.postgresql.port}");
    REQUIRE(property_in(app, "smtp.host") != nullptr);
    CHECK(property_in(app, "smtp.host")->required);
    CHECK(property_in(app, "smtp.host")->user);
    CHECK_FALSE(property_in(app, "smtp.host")->default_value);
    CHECK(property_in(app, "smtp.port")->default_value == "25");

    const AssemblyMachine& web = machine_in(assembly, "web");
    CHECK(property_in(web, "app.host")->value_template == "${app.ip.net}");
    REQUIRE(assembly.publish.size() == 1);
    CHECK(assembly.publish[0].machine == "web");
    CHECK(assembly.publish[0].port == 80);
}

TEST_CASE("comments say where things were seen and how surely", "[assembler][generate]") {
    const std::string text = tests::GeneratedShop().assembly();
    CHECK(text.find("/etc/nginx/conf.d/shop.conf:4, confidence 1.00") != std::string::npos);
    CHECK(text.find("outside of the set, was mail.example.org") != std::string::npos);
}

TEST_CASE("editable settings are properties with what was found as default",
          "[assembler][generate]") {
    auto machines = tests::shop_facts();
    Component& nginx = machines[2].components[0];
    nginx.properties = {{.key = "Listen",
                         .value = "80",
                         .editable = true,
                         .evidence = {nginx.files[0], 2, 1.0},
                         .places = {{nginx.files[0], 2, 12, 2}}},
                        {.key = "fixed", .value = "x"}};
    const tests::GeneratedShop shop(machines);
    const Assembly assembly = parse_assembly(shop.assembly(), "assembly.yaml");
    const AssemblyProperty* found = property_in(machine_in(assembly, "web"), "nginx.listen");
    REQUIRE(found != nullptr);
    CHECK(found->default_value == "80");
    CHECK(found->user);
    CHECK(property_in(machine_in(assembly, "web"), "nginx.fixed") == nullptr);
}

TEST_CASE("secrets are named, as password properties where a template needs them",
          "[assembler][generate]") {
    auto machines = tests::shop_facts();
    machines[0].secrets.push_back({"private key", "", {"/etc/ssl/private/db.key", 1, 1.0}, {}});
    machines[1].secrets.push_back(
        {"a word", "", {"/etc/shop/shop.env", 3, 1.0}, {"/etc/shop/shop.env", 3, 1, 4}});
    const tests::GeneratedShop shop(machines);
    const std::string text = shop.assembly();
    CHECK(text.find("Secret: private key, stays in the image as it is "
                    "(/etc/ssl/private/db.key:1") != std::string::npos);
    const Assembly assembly = parse_assembly(text, "assembly.yaml");
    const AssemblyProperty* found = property_in(machine_in(assembly, "app"), "shop.password");
    REQUIRE(found != nullptr);
    CHECK(found->password);
    CHECK(found->required);
}

TEST_CASE("hostile names and texts make a file that still loads", "[assembler][generate]") {
    auto machines = tests::shop_facts();
    machines[0].name = "DB \"one\"\n";
    machines[1].name = "..";
    machines[2].name = "db-one";
    machines[2].source = "web\n  evil: true";
    machines[2].components[0].version = "1\nmachines: {}";
    machines[2].components[0].outputs[0].name = "ip.${x}\n";
    machines[2].components[0].properties = {
        {.key = "q", .value = "a\"b${c}\\", .editable = true, .places = {{"/etc/q", 1, 1, 8}}}};
    machines = name_machines(machines);
    CHECK(machines[0].name == "db-one");
    CHECK(machines[2].name == "db-one-2");
    const tests::GeneratedShop shop(machines, {{"db-one-2:/etc/q", "a\"b${c}\\\n"}});
    const std::string text = shop.assembly();
    INFO(text);
    const Assembly assembly = parse_assembly(text, "assembly.yaml");
    CHECK(property_in(machine_in(assembly, "db-one-2"), "nginx.q")->default_value == "a\"b${c}\\");
    CHECK(property_in(machine_in(assembly, "db-one-2"), "x-ip.x.host") != nullptr);
}
