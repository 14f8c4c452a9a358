// SPDX-License-Identifier: Apache-2.0
// Which steps run and which come from layers. Needs user namespaces, or root.
#include "imagebuilder/tree/tree_builder.h"

#include "tests/support/busybox_tree.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

struct Builder {
    tests::BusyboxTree fixture;
    AptIndex apt = fixture.apt();
    bool use_cache = true;
    std::string steps;                // what the last build left in /etc/steps
    std::vector<LayerRecord> layers;  // of the last plan
    Recipe recipe;
    std::vector<PlannedStep> plan;

    void load(const std::vector<std::string>& base, const std::vector<std::string>& top) {
        write("base", "source: { bootstrap: debian, release: bookworm }\n", base);
        write("top", "from: ../base\n", top);
        recipe = load_recipe(fixture.dir.path() / "top");
        plan = plan_steps(recipe, apt, "test");
        if (!find_layer(plan.front().key)) {
            fixture.keep_as_bootstrap(plan.front());
        }
    }
    // "c": from a layer, "r": run; one letter a step.
    std::string build(const std::vector<std::string>& base, const std::vector<std::string>& top) {
        load(base, top);
        const fs::path tree = fixture.dir.path() / "built";
        base::make_dirs(tree);
        base::ScopeExit clean([&] { remove_tree(tree); });
        std::string trace;
        build_tree({tree,
                    use_cache,
                    [&](const std::string&, bool cached) { trace += cached ? "c" : "r"; },
                    {}},
                   plan, apt);
        steps = base::read_file(tree / "etc/steps");
        layers = usable_layers(plan);
        return trace;
    }

  private:
    void write(const std::string& name, const std::string& head,
               const std::vector<std::string>& words) const {
        std::string text = "name: " + name + "\n" + head + "run:\n";
        for (const std::string& word : words) {
            text += "  - " +
                    (word.starts_with("!") ? word.substr(1) : "echo " + word + " >>/etc/steps") +
                    "\n";
        }
        base::make_dirs(fixture.dir.path() / name);
        base::write_file(fixture.dir.path() / name / "recipe.yaml", text);
    }
};

}  // namespace

TEST_CASE("a changed step is run again, and those after it only", "[imagebuilder][layers]") {
    if (!tests::can_sandbox()) {
        return;
    }
    Builder builder;
    CHECK(builder.build({"a", "b"}, {"c", "d"}) == "crrrr");
    CHECK(builder.layers.size() == 5);
    CHECK(builder.build({"a", "b"}, {"c", "d"}) == "ccccc");
    CHECK(builder.steps == "a\nb\nc\nd\n");
    CHECK(builder.build({"a", "b"}, {"c", "D"}) == "ccccr");
    CHECK(builder.steps == "a\nb\nc\nD\n");
    CHECK(builder.build({"a", "B"}, {"c", "d"}) == "ccrrr");
    CHECK(builder.steps == "a\nB\nc\nd\n");
    CHECK(builder.build({"a", "b"}, {"c", "d", "e"}) == "cccccr");
    CHECK(builder.steps == "a\nb\nc\nd\ne\n");
    const LayerRecord& layer = builder.layers.at(1);
    CHECK(layer.step == "run: echo a >>/etc/steps");
    CHECK(layer.recipe == "base");
    CHECK(layer.bytes > 0);
    CHECK(layer.bytes < 10'000);
    CHECK(layer.made > 1'000'000'000);
    REQUIRE(layer.inputs.size() == 1);
    CHECK(layer.inputs.front().name == "text");
    CHECK(layer.inputs.front().digest.size() == 64);
}

TEST_CASE("a failed step leaves no layer, but those before it do", "[imagebuilder][layers]") {
    if (!tests::can_sandbox()) {
        return;
    }
    Builder builder;
    CHECK_THROWS_AS(builder.build({"a"}, {"!exit 9"}), base::Error);
    CHECK(usable_layers(builder.plan).size() == 2);
    CHECK_FALSE(find_layer(builder.plan.back().key));
    CHECK(builder.build({"a"}, {"b"}) == "ccr");
}

TEST_CASE("layers count only upon the very layer that they were made on",
          "[imagebuilder][layers]") {
    if (!tests::can_sandbox()) {
        return;
    }
    Builder builder;
    CHECK(builder.build({"a", "b"}, {"c"}) == "crrr");
    SECTION("a layer in the middle is lost") {
        remove_layer(builder.plan.at(2).key);
        CHECK(builder.build({"a", "b"}, {"c"}) == "ccrr");
    }
    SECTION("a file of a layer is cut") {
        fs::resize_file(layer_tar_path(builder.plan.at(1).key), 10);
        CHECK(builder.build({"a", "b"}, {"c"}) == "crrr");
    }
    SECTION("a record is damaged") {
        base::write_file(layer_record_path(builder.plan.at(3).key), "{\"muster\":");
        CHECK(builder.build({"a", "b"}, {"c"}) == "cccr");
    }
    SECTION("it was made anew meanwhile") {
        builder.use_cache = false;
        builder.load({"a", "b"}, {"c"});
        LayerRecord remade = *find_layer(builder.plan.at(1).key);
        remade.id = "another";
        write_layer_record(remade);
        builder.use_cache = true;
        CHECK(builder.build({"a", "b"}, {"c"}) == "ccrr");
    }
    CHECK(builder.steps == "a\nb\nc\n");
    CHECK(builder.layers.size() == 4);
}
