// SPDX-License-Identifier: Apache-2.0
#include "base/yaml.h"

#include "tests/support/catch.h"

TEST_CASE("an unknown key is an error with its place and a guess", "[base][yaml]") {
    const auto node = base::parse_yaml("name: web\npakages: [nginx]\n", "r.yaml");
    const auto error = tests::error_of([&] {
        base::YamlKeys keys(node, "recipe");
        keys.require("name");
        keys.find("packages");
        keys.finish();
    });
    CHECK(error.message() ==
          "r.yaml:2:1: unknown key 'pakages' in the recipe, did you mean 'packages'?");
}

TEST_CASE("a missing key and a wrong type are told with their place", "[base][yaml]") {
    const auto node = base::parse_yaml("a:\n  b: x\n", "r.yaml");
    CHECK(tests::error_of([&] { base::YamlKeys(node, "recipe").require("name"); }).message() ==
          "r.yaml:1:1: the recipe needs the key 'name'");
    CHECK(tests::error_of([&] { node.as_map()[0].second.as_map()[0].second.as_int(); }).message() ==
          "r.yaml:2:6: 'x' is not a whole number");
}

TEST_CASE("broken YAML is invalid input with line and column", "[base][yaml]") {
    const auto error = tests::error_of([] { base::parse_yaml("a: [1, 2\nb: 3\n", "r.yaml"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK(error.message().starts_with("r.yaml:2:"));
}

TEST_CASE("aliases that multiply are bounded", "[base][yaml]") {
    std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 9; ++i) {
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j) {
            bomb += (j > 0 ? ",*a" : "*a") + std::to_string(i - 1);
        }
        bomb += "]\n";
    }
    CHECK(tests::error_of([&] { base::parse_yaml(bomb, "bomb"); }).message().find("too many") !=
          std::string::npos);
}
