// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/rebuild/assembly_folder.h"

#include "assembler/assembly_file.h"
#include "assembler/introspect/generate/file_snapshot.h"
#include "base/file.h"
#include "base/json.h"
#include "imagebuilder/recipe.h"
#include "ovfkit/env/config/config_schema.h"
#include "tests/support/catch.h"
#include "tests/support/memory_tree.h"
#include "tests/unit/assembler/introspect/connect/sample_facts.h"

using namespace assembler;

namespace {

namespace fs = std::filesystem;

MachineTrees shop_trees(const std::vector<MachineFacts>& machines) {
    MachineTrees trees;
    for (const MachineFacts& machine : machines) {
        auto tree = std::make_shared<tests::MemoryTree>(machine.source);
        for (const Component& component : machine.components) {
            for (const std::string& file : component.files) {
                tree->file(file, tests::shop_text(file));
            }
        }
        trees[machine.name] = tree;
    }
    return trees;
}

AssemblyFolder shop_folder(bool recipes) {
    const auto machines = name_machines(tests::shop_facts());
    const MachineTrees trees = shop_trees(machines);
    FolderOptions options{.assembly = {.name = "shop"}};
    if (recipes) {
        options.make_recipe = [&](const MachineFacts& machine, const std::string& guest_config) {
            return recipe_of_facts(machine, *trees.at(machine.name), guest_config, {});
        };
    }
    return make_assembly_folder(machines, reader_of(trees), options);
}

}  // namespace

TEST_CASE("what introspection leaves loads again", "[assembler][rebuild]") {
    const base::TempDir dir;
    const fs::path folder = dir.path() / "shop";
    write_assembly_folder(folder, shop_folder(false).files);
    const Assembly assembly = load_assembly(folder);
    CHECK(assembly.machines.size() == 3);
    const fs::path web = folder / "machines/web";
    const auto schema = ovfkit::parse_config_schema(base::read_file(web / "introspected.json"),
                                                    "introspected.json");
    CHECK(schema.find_key("app.host") != nullptr);
    const base::Json edits = base::parse_json(base::read_file(web / "edits.json"), "edits");
    CHECK(edits.at(0).at("path") == "/etc/network/interfaces");
    CHECK(edits.back().at("file") == "introspected.json");
    CHECK((fs::status(folder).permissions() & fs::perms::all) == fs::perms(0755));
}

TEST_CASE("with recipes each image is one, and it loads", "[assembler][rebuild]") {
    const base::TempDir dir;
    const fs::path folder = dir.path() / "shop/";
    fs::create_directory(dir.path() / "shop");  // an empty one is taken
    write_assembly_folder(folder, shop_folder(true).files);
    const Assembly assembly = load_assembly(folder);
    for (const AssemblyMachine& machine : assembly.machines) {
        CHECK(imagebuilder::load_recipe(folder / machine.image).name == machine.name);
    }
    CHECK(fs::exists(folder / "recipes/web/files/introspected.json"));
    CHECK_FALSE(fs::exists(folder / "machines"));
}

TEST_CASE("a folder with something in it is not written to", "[assembler][rebuild]") {
    const base::TempDir dir;
    const auto files = shop_folder(false).files;
    base::write_file(dir.path() / "mine", "x");
    for (const fs::path& place : {dir.path(), dir.path() / "mine"}) {
        const base::Error error = tests::error_of([&] { write_assembly_folder(place, files); });
        CHECK(error.kind() == base::ErrorKind::conflict);
    }
    CHECK(base::read_file(dir.path() / "mine") == "x");
}

TEST_CASE("a folder is written whole or not at all", "[assembler][rebuild]") {
    const base::TempDir dir;
    const fs::path folder = dir.path() / "shop";
    CHECK_THROWS_AS(write_assembly_folder(folder, {{"a", "x", 0644}, {"a/b", "y", 0644}}),
                    base::Error);
    CHECK(fs::is_empty(dir.path()));
}

TEST_CASE("a file cannot be put out of the folder", "[assembler][rebuild]") {
    const base::TempDir dir;
    for (const char* path : {"../x", "/tmp/x", "a/../../x", "a//b/./c", ""}) {
        const base::Error error = tests::error_of([&] {
            write_assembly_folder(dir.path() / "shop", {{path, "x", 0644}});
        });
        CHECK(error.kind() == base::ErrorKind::invalid_input);
    }
    CHECK(fs::is_empty(dir.path()));
}

TEST_CASE("files taken out of a tree serve as the tree does", "[assembler][rebuild]") {
    const auto machines = name_machines(tests::shop_facts());
    const MachineTrees trees = shop_trees(machines);
    std::map<std::string, FileSnapshot> snapshots;
    for (const MachineFacts& machine : machines) {
        snapshots[machine.name] =
            parse_snapshot(snapshot_text(take_snapshot(*trees.at(machine.name), machine)));
    }
    const auto by_tree = make_assembly_folder(machines, reader_of(trees), {});
    const auto by_snapshot = make_assembly_folder(machines, reader_of(snapshots), {});
    REQUIRE(by_tree.files.size() == by_snapshot.files.size());
    for (std::size_t i = 0; i < by_tree.files.size(); ++i) {
        CHECK(by_tree.files[i].content == by_snapshot.files[i].content);
    }
    CHECK(by_snapshot.machines.at("web").guest_config.find("${app.host}") != std::string::npos);
}

TEST_CASE("what a sandbox hands back is checked", "[assembler][rebuild]") {
    for (const char* text : {"", "[]", "{}", R"({"/a":{"path":"/a","text":"x","owner":"o"}})",
                             R"({"/a":{"path":1,"text":"x","owner":"o","permissions":4}})"}) {
        if (std::string(text) != "{}" && std::string(text) != "[]") {
            CHECK_THROWS_AS(parse_snapshot(text), base::Error);
        }
        CHECK_THROWS_AS(parse_recipe_message(text), base::Error);
    }
    const GeneratedRecipe recipe{
        "name: x\n", {{"files/\xFF", std::string("\0\xFE", 2), 0755}}, {"/opt"}};
    const GeneratedRecipe back = parse_recipe_message(recipe_message(recipe));
    CHECK(back.text == recipe.text);
    REQUIRE(back.files.size() == 1);
    CHECK(back.files[0].path == "files/\xFF");
    CHECK(back.files[0].content == recipe.files[0].content);
    CHECK(back.left_out == recipe.left_out);
}
