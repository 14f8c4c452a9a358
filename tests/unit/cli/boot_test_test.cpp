// SPDX-License-Identifier: Apache-2.0
#include "cli/boot_test.h"

#include "tests/support/catch.h"

TEST_CASE("a boot proof becomes JSON and JUnit's XML", "[cli]") {
    cli::BootProof proof{"web", "1.0.0", std::string(64, 'a'), 21.5, {}};
    CHECK(proof.passed());
    proof.checks = {{"boots, and its agent answers", true, 18.25, ""},
                    {"port 80 is open", false, 21.5, "nothing <said> \"80\" & more"}};
    CHECK_FALSE(proof.passed());
    const base::Json json = cli::to_json(proof);
    CHECK(json["passed"] == false);
    CHECK(json["checks"][1]["text"] == "nothing <said> \"80\" & more");
    CHECK_FALSE(json["checks"][0].contains("text"));
    CHECK(cli::to_junit(proof) ==
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
          "  <testsuite name=\"web 1.0.0\" tests=\"2\" failures=\"1\" errors=\"0\" "
          "time=\"21.500\">\n"
          "    <testcase classname=\"web 1.0.0\" name=\"boots, and its agent answers\" "
          "time=\"18.250\"/>\n"
          "    <testcase classname=\"web 1.0.0\" name=\"port 80 is open\" time=\"21.500\">\n"
          "      <failure message=\"nothing &lt;said&gt; &quot;80&quot; &amp; more\"/>\n"
          "    </testcase>\n  </testsuite>\n</testsuites>\n");
}
