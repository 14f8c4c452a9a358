// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/edit_steps.h"

#include <set>

#include "tests/support/catch.h"

using ovfkit::edit::EditStep;
using ovfkit::edit::parse_script;
using ovfkit::edit::parse_step;

namespace {

EditStep step_of(const std::string& name, const std::string& text) {
    return parse_step(ovfkit::edit::require_operation({name, "", {}, "--" + name}), text,
                      "--" + name);
}

}  // namespace

TEST_CASE("an option's text is taken apart by its known keys", "[ovfkit][edit]") {
    const EditStep step = step_of("add-nic", "front,type=virtio,mac=auto");
    CHECK(step.value == "front");
    CHECK(step.arguments ==
          std::map<std::string, std::string>{{"type", "virtio"}, {"mac", "auto"}});
    CHECK(step_of("add-disk", "size=1GiB,id=x").value.empty());
    CHECK(step_of("add-property", "k,label=a, b,type=string").arguments.at("label") == "a, b");
    CHECK(step_of("annotation", "a,b=c").value == "a,b=c");
    CHECK(step_of("property", "k=v,w").value == "k=v,w");
    const auto error = tests::error_of([] { step_of("nic", "1,netwrok=x"); });
    CHECK(error.kind() == base::ErrorKind::usage);
    CHECK(error.message() == "--nic: nic has no 'netwrok', did you mean 'network'?");
    CHECK_THROWS_AS(step_of("nic", "1,network=a,network=b"), base::Error);
    CHECK_THROWS_AS(step_of("property", "novalue"), base::Error);
    CHECK_THROWS_AS(step_of("cpu", "1"), base::Error);
}

TEST_CASE("a script says the same as the options", "[ovfkit][edit]") {
    const auto steps = parse_script(R"(
- system: web
- cpus: 4
- add-nic: { network: front, type: virtio }
- nic: { which: 1, mac: auto }
- add-nic: back
- property: { title: "Hello, you" }
- property: a=b
)",
                                    "changes.yaml");
    REQUIRE(steps.size() == 7);
    CHECK(steps.at(0).operation == "system");
    CHECK(steps.at(1).value == "4");
    CHECK(steps.at(2).arguments.at("network") == "front");
    CHECK(steps.at(3).value == "1");
    CHECK(steps.at(4).value == "back");
    CHECK(steps.at(5).value == "title=Hello, you");
    CHECK(steps.at(6).value == "a=b");
    const auto error = tests::error_of([] { parse_script("- cpu: 4\n", "changes.yaml"); });
    CHECK(error.message().find("changes.yaml:1:") == 0);
    CHECK(error.message().find("did you mean 'cpus'?") != std::string::npos);
    CHECK_THROWS_AS(parse_script("- cpus: [1]\n", "x"), base::Error);
    CHECK_THROWS_AS(parse_script("- cpus: {a: 1}\n", "x"), base::Error);
    CHECK_THROWS_AS(parse_script("cpus: 1\n", "x"), base::Error);
}

TEST_CASE("every operation has a name of its own, a help and a function", "[ovfkit][edit]") {
    std::set<std::string_view> names;
    for (const auto& operation : ovfkit::edit::operations()) {
        CHECK(names.insert(operation.name).second);
        CHECK_FALSE(operation.help.empty());
        CHECK_FALSE(operation.shape.empty());
        CHECK(operation.run != nullptr);
    }
}
