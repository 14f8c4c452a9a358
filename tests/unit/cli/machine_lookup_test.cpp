// SPDX-License-Identifier: Apache-2.0
#include "cli/machine_lookup.h"

#include "tests/support/catch.h"

TEST_CASE("a machine is picked from its deployment by name", "[cli]") {
    const base::Json deployment =
        base::parse_json(R"({"name": "shop", "machines": [{"name": "db", "id": "1"},
                             {"name": "web", "id": "2"}]})",
                         "test");
    CHECK(cli::pick_machine(deployment, "web")["id"] == "2");
    const auto error = tests::error_of([&] { cli::pick_machine(deployment, "we"); });
    CHECK(error.kind() == base::ErrorKind::not_found);
    CHECK(error.message() == "deployment 'shop' has no machine 'we'");
    CHECK(error.hint() == "it has db, web");
}
