// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/set/folder_of_set.h"

#include "assembler/assembly_file.h"
#include "base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/set/set_machine.h"

using namespace assembler;

TEST_CASE("a set becomes a folder whose images are the sources", "[assembler][set]") {
    const tests::SetMachines machines;
    const MachineSet set = machines.read("web.raw", "db");
    const AssemblyFolder made = make_set_folder(set, {.name = "shop",
                                                      .images = {{"web", machines.path("web.raw")}},
                                                      .reading = machines.reading()});
    const Assembly assembly = parse_assembly(made.files.front().content, "assembly.yaml");
    REQUIRE(assembly.machines.size() == 2);
    CHECK(assembly.name == "shop");
    CHECK(assembly.machines[0].image == machines.path("web.raw"));
    CHECK(assembly.machines[1].image == "db.qcow2");
    CHECK(assembly.machines[0].after == std::vector<std::string>{"db"});
    REQUIRE(made.connections.connections.size() == 1);
    CHECK(made.connections.connections[0].to.machine == "db");
    CHECK(made.machines.at("web").guest_config.find("${") != std::string::npos);
}

TEST_CASE("recipes are made by reading the machines again", "[assembler][set]") {
    const tests::SetMachines machines;
    const MachineSet set = machines.read("web.raw", "db");
    const AssemblyFolder made =
        make_set_folder(set, {.name = "shop", .recipes = true, .reading = machines.reading()});
    const Assembly assembly = parse_assembly(made.files.front().content, "assembly.yaml");
    CHECK(assembly.machines[0].image == "recipes/web");
    std::vector<std::string> paths;
    for (const RecipeFile& file : made.files) {
        paths.push_back(file.path);
    }
    CHECK(std::find(paths.begin(), paths.end(), "recipes/web/recipe.yaml") != paths.end());
    CHECK(std::find(paths.begin(), paths.end(), "recipes/db/recipe.yaml") != paths.end());
}

TEST_CASE("sets are compared machine by machine", "[assembler][set]") {
    const tests::SetMachines machines;
    const MachineSet before = machines.read("web.raw", "db.raw");
    CHECK(compare_sets(before, machines.read("web", "db")).empty());

    tests::shell("sed -i s/8080/9090/ web/etc/nginx/conf.d/x.conf", machines.path("."));
    const std::vector<Difference> found = compare_sets(before, machines.read("web", "db"));
    REQUIRE_FALSE(found.empty());
    for (const Difference& one : found) {
        CHECK(one.subject.find("machine 'web': ") == 0);
    }

    // One against one: whatever they are called.
    const MachineSet web = read_machine_set({machines.source("web.raw")}, machines.reading());
    const MachineSet other = read_machine_set(
        {{.name = "front", .location = machines.path("web.raw")}}, machines.reading());
    CHECK(compare_sets(web, other).empty());

    const std::vector<Difference> fewer = compare_sets(before, web);
    REQUIRE(fewer.size() == 1);
    CHECK(fewer[0].kind == Difference::Kind::removed);
    CHECK(fewer[0].subject == "machine 'db'");
    CHECK(compare_sets(web, before).back().kind == Difference::Kind::added);
}
