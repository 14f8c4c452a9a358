// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/plan/explain.h"

#include "base/file.h"
#include "imagebuilder/cache/build_memory.h"
#include "tests/support/cache_folder.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

// A recipe in a folder, and what its last build is remembered as.
struct Remembered {
    base::TempDir dir;
    Recipe recipe;
    AptIndex apt;
    std::vector<PlannedStep> steps;
    std::vector<NamedInput> image{{"tree", "t1"}, {"disk", "d1"}};

    Remembered() {
        apt.digest = "monday";
        base::make_dirs(dir.path() / "site/img");
        base::write_file(dir.path() / "site/index.html", "hello");
        base::write_file(dir.path() / "site/img/logo", "logo");
        load("packages: [nginx]\ncopy: { from: site, to: /srv }\nrun: [nginx -t, echo b]\n");
    }
    void load(const std::string& actions) {
        base::write_file(dir.path() / "recipe.yaml",
                         "name: web\nsource: { bootstrap: debian, release: bookworm }\n" + actions);
        recipe = load_recipe(dir.path());
        steps = plan_steps(recipe, apt, "test");
    }
    BuildMemory memory() const {
        BuildMemory memory;
        memory.recipe = "web";
        memory.image_inputs = image;
        for (const PlannedStep& step : steps) {
            memory.steps.push_back({step.name, step.recipe->name, step.key, step.inputs});
        }
        return memory;
    }
};

// "c" cached, "r: why" run, "-: why" not needed.
std::vector<std::string> verdict_of(const Remembered& now, const CacheView& cache,
                                    const std::optional<BuildMemory>& memory) {
    std::vector<std::string> lines;
    for (const StepVerdict& step : explain(now.steps, now.image, cache, memory).steps) {
        lines.push_back(step.state == StepState::cached       ? "c"
                        : step.state == StepState::not_needed ? "-: " + step.why
                                                              : "r: " + step.why);
    }
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a first build runs everything, for there are no layers", "[imagebuilder][plan]") {
    const Remembered now;
    const std::string none = "r: no layer in the cache";
    CHECK(verdict_of(now, {0, false, true}, std::nullopt) == Lines{none, none, none, none, none});
    CHECK(verdict_of(now, {5, true, true}, now.memory()) == Lines{"c", "c", "c", "c", "c"});
    CHECK(explain(now.steps, now.image, {5, true, true}, std::nullopt).image_why ==
          "it is in the cache");
    CHECK(verdict_of(now, {5, true, false}, now.memory()).at(3) == "r: everything is made anew");
}

TEST_CASE("a step runs again because of what has changed in it", "[imagebuilder][plan]") {
    Remembered now;
    const BuildMemory before = now.memory();
    const std::string follows = "r: follows a changed step";
    SECTION("the text of a command") {
        now.load("packages: [nginx]\ncopy: { from: site, to: /srv }\nrun: [nginx -t -q, echo b]\n");
        CHECK(verdict_of(now, {3, false, true}, before) ==
              Lines{"c", "c", "c", "r: text changed", follows});
    }
    SECTION("a file that is copied") {
        base::write_file(now.dir.path() / "site/index.html", "good-bye");
        now.load("packages: [nginx]\ncopy: { from: site, to: /srv }\nrun: [nginx -t, echo b]\n");
        CHECK(verdict_of(now, {2, false, true}, before) ==
              Lines{"c", "c", "r: copied file site/index.html changed", follows, follows});
    }
    SECTION("a copied file more, one less, and where to") {
        base::remove_all(now.dir.path() / "site/img/logo");
        base::write_file(now.dir.path() / "site/new", "new");
        now.load("packages: [nginx]\ncopy: { from: site, to: /opt }\nrun: [nginx -t, echo b]\n");
        CHECK(verdict_of(now, {2, false, true}, before).at(2) ==
              "r: to changed, copied file site/new is new, copied file site/img/logo is gone");
    }
    SECTION("the packages") {
        now.load(
            "packages: [nginx, curl]\ncopy: { from: site, to: /srv }\nrun: [nginx -t, echo b]");
        CHECK(verdict_of(now, {1, false, true}, before) ==
              Lines{"c", "r: packages changed", follows, follows, follows});
    }
    SECTION("the package index") {
        now.apt.digest = "tuesday";
        now.load("packages: [nginx]\ncopy: { from: site, to: /srv }\nrun: [nginx -t, echo b]\n");
        CHECK(verdict_of(now, {0, false, true}, before) ==
              Lines{"r: package index is newer", follows, follows, follows, follows});
    }
    SECTION("a step in between") {
        now.load(
            "packages: [nginx]\ncopy: { from: site, to: /srv }\nrun: [nginx -t, echo a, echo b]\n");
        CHECK(verdict_of(now, {4, false, true}, before) ==
              Lines{"c", "c", "c", "c", "r: new step", follows});
    }
    SECTION("a step less") {
        now.load("packages: [nginx]\ncopy: { from: site, to: /srv }\nrun: [echo b]\n");
        CHECK(verdict_of(now, {3, false, true}, before) ==
              Lines{"c", "c", "c", "r: the steps before it changed"});
    }
    SECTION("a lost layer") {
        CHECK(
            verdict_of(now, {3, false, true}, before) ==
            Lines{"c", "c", "c", "r: no layer in the cache", "r: follows a step without a layer"});
        CHECK(verdict_of(now, {3, true, true}, before).at(4) ==
              "-: the finished image is in the cache");
    }
}

TEST_CASE("an image is made again because of what comes after the steps", "[imagebuilder][plan]") {
    Remembered now;
    const BuildMemory before = now.memory();
    CHECK(explain(now.steps, now.image, {4, false, true}, before).image_why ==
          "its tree is not complete");
    CHECK(explain(now.steps, now.image, {5, false, true}, before).image_why ==
          "it is not in the cache");
    now.image = {{"tree", "t2"}, {"disk", "d2"}};
    CHECK(explain(now.steps, now.image, {5, false, true}, before).image_why == "disk changed");
}

TEST_CASE("the last build of a recipe is remembered until the next", "[imagebuilder][plan]") {
    const tests::CacheFolder cache;
    Remembered now;
    CHECK_FALSE(find_memory(now.recipe));
    remember_build(now.recipe, now.steps, now.image);
    const auto memory = find_memory(now.recipe);
    REQUIRE(memory);
    CHECK(memory->recipe == "web");
    CHECK(memory->recipe_file == now.recipe.file.string());
    CHECK(memory->when > 1'000'000'000);
    CHECK(memory->image_inputs == now.image);
    REQUIRE(memory->steps.size() == 5);
    CHECK(verdict_of(now, {3, false, true}, memory) ==
          verdict_of(now, {3, false, true}, now.memory()));
    now.recipe.name = "other";
    CHECK_FALSE(find_memory(now.recipe));
    for (const auto& file : std::filesystem::directory_iterator(memories_dir())) {
        base::write_file(file.path(), "{");
    }
    now.recipe.name = "web";
    CHECK_FALSE(find_memory(now.recipe));
}
