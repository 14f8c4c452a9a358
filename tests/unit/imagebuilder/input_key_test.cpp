// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/input_key.h"

#include <set>

#include "base/file.h"
#include "imagebuilder/plan/planned_step.h"
#include "tests/support/catch.h"

namespace {

using imagebuilder::InputKey;

std::string key_of_files(const std::filesystem::path& path) {
    InputKey key;
    key.add_files("x", path);
    return key.finish();
}

}  // namespace

TEST_CASE("two lists of inputs never look alike", "[imagebuilder][key]") {
    const auto key = [](const std::vector<std::pair<std::string, std::string>>& inputs) {
        InputKey made;
        for (const auto& [name, value] : inputs) {
            made.add(name, value);
        }
        return made.finish();
    };
    const std::set<std::string> keys{key({{"a", "bc"}}), key({{"ab", "c"}}),
                                     key({{"a", "b"}, {"a", "c"}}), key({{"a", ""}, {"bc", ""}}),
                                     key({})};
    CHECK(keys.size() == 5);
    CHECK(key({{"a", "b"}}) == key({{"a", "b"}}));
}

TEST_CASE("copied files count with name, mode, links and content", "[imagebuilder][key]") {
    const base::TempDir dir;
    const auto top = dir.path() / "site";
    base::make_dirs(top / "sub");
    base::write_file(top / "sub/a", "one");
    std::set<std::string> keys{key_of_files(top)};
    CHECK(key_of_files(top) == *keys.begin());
    base::write_file(top / "sub/a", "two");
    keys.insert(key_of_files(top));
    std::filesystem::rename(top / "sub/a", top / "sub/b");
    keys.insert(key_of_files(top));
    std::filesystem::permissions(top / "sub/b", std::filesystem::perms::owner_all);
    keys.insert(key_of_files(top));
    std::filesystem::create_symlink("b", top / "sub/c");
    keys.insert(key_of_files(top));
    CHECK(keys.size() == 5);
}

TEST_CASE("uuids made from keys are stable, different and well formed", "[imagebuilder][key]") {
    const std::string uuid = imagebuilder::uuid_from_key("key", "root");
    CHECK(uuid == imagebuilder::uuid_from_key("key", "root"));
    CHECK(uuid != imagebuilder::uuid_from_key("key", "disk"));
    CHECK(uuid.size() == 36);
    CHECK(uuid[14] == '8');
    CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
}

TEST_CASE("a changed step changes the keys of it and of those after it only",
          "[imagebuilder][key]") {
    const auto keys_with = [](const std::string& command, const std::string& packages) {
        const auto recipe = imagebuilder::parse_recipe(
            "name: a\nsource: { bootstrap: debian, release: bookworm }\npackages: [" + packages +
                "]\nrun: " + command + "\n",
            "r");
        imagebuilder::AptIndex apt;
        apt.digest = "index";
        std::vector<std::string> keys;
        for (const auto& step : imagebuilder::plan_steps(recipe, apt, "test")) {
            keys.push_back(step.key);
        }
        return keys;
    };
    const auto before = keys_with("echo 1", "x");
    const auto other_run = keys_with("echo 2", "x");
    const auto other_package = keys_with("echo 1", "y");
    REQUIRE(before.size() == 3);
    CHECK(before[0] == other_run[0]);
    CHECK(before[1] == other_run[1]);
    CHECK(before[2] != other_run[2]);
    CHECK(before[0] == other_package[0]);
    CHECK(before[1] != other_package[1]);
    CHECK(before[2] != other_package[2]);
}
