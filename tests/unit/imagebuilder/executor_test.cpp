// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/executor.h"

#include "tests/support/catch.h"

using namespace imagebuilder;

TEST_CASE("a Debian bootstrap is composed, with and without root", "[imagebuilder][plan]") {
    const Recipe recipe = parse_recipe(
        "name: a\nsource: { bootstrap: debian, release: bookworm }\nrun: 'true'\n", "r");
    const ExecutorChoice user = choose_executor(recipe, {.root = false});
    CHECK(user.executor == Executor::compose);
    CHECK(to_string(user.executor) == "compose");
    CHECK_THAT(user.why, Catch::Contains("without root") && Catch::Contains("bookworm"));
    CHECK_THAT(choose_executor(recipe, {.root = true}).why, Catch::Contains("root makes"));
}
