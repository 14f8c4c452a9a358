// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/lint/checks/checks.h"
#include "ovfkit/lint/report/lint_json.h"
#include "ovfkit/lint/report/rule_table.h"
#include "ovfkit/lint/report/sarif.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/lint/sample_disk.h"

using base::Json;
using ovfkit::lint::Level;
using ovfkit::lint::LintReport;

namespace {

LintReport sample_report() {
    tests::SamplePackage package;
    package.descriptor = tests::replaced(tests::kCleanDescriptor, "vmx-14", "virtualbox-2.2");
    base::MemorySource source(package.bytes(), "my shop.ova");
    return ovfkit::lint::lint_package(source, ovfkit::lint::kEveryone);
}

}  // namespace

TEST_CASE("the ids of rules are unique and in order within their areas", "[ovfkit][lint]") {
    std::set<std::string_view> ids;
    std::string_view last;
    for (const ovfkit::lint::Rule* rule : ovfkit::lint::all_rules()) {
        INFO(rule->id);
        CHECK(ids.insert(rule->id).second);
        CHECK((rule->id > last || rule->id.substr(0, 3) != last.substr(0, 3)));
        last = rule->id;
        CHECK(ovfkit::lint::find_rule(rule->id) == rule);
        CHECK_FALSE(rule->title.empty());
        CHECK(rule->why.ends_with('.'));
        CHECK_FALSE(rule->fix.empty());
        CHECK_FALSE(rule->source.empty());
    }
    CHECK(ids.size() >= 60);
    CHECK(ovfkit::lint::find_rule("OVF-000") == nullptr);
    CHECK_THROWS_AS(ovfkit::lint::require_rule("OVF-000"), base::Error);
}

TEST_CASE("every rule is on for some target", "[ovfkit][lint]") {
    for (const ovfkit::lint::Rule* rule : ovfkit::lint::all_rules()) {
        bool on = false;
        for (const auto target : ovfkit::lint::kAllTargets) {
            on = on || rule->levels.of(target) != Level::off;
        }
        INFO(rule->id);
        CHECK(on);
    }
}

TEST_CASE("what the reader says is a finding even when it says something new", "[ovfkit][lint]") {
    ovfkit::lint::Findings findings(ovfkit::lint::kEveryone);
    ovfkit::lint::report_diagnostics({{ovfkit::Severity::error, {1, 1}, "new-error", "a"},
                                      {ovfkit::Severity::unsupported, {2, 1}, "new-need", "b"},
                                      {ovfkit::Severity::warning, {3, 1}, "new-remark", "c"},
                                      {ovfkit::Severity::note, {4, 1}, "new-note", "d"}},
                                     findings);
    const auto found = findings.take();
    REQUIRE(found.size() == 4);
    CHECK(found[0].rule->id == "OVF-090");
    CHECK(found[1].rule->id == "OVF-091");
    CHECK(found[1].targets == ovfkit::lint::kMuster);
    CHECK(found[2].rule->id == "OVF-092");
    CHECK(found[2].level == Level::warning);
    CHECK(found[3].level == Level::note);
}

TEST_CASE("a report becomes JSON", "[ovfkit][lint]") {
    const Json json = to_json(sample_report(), ovfkit::lint::kEveryone);
    CHECK(json["source"] == "my shop.ova");
    CHECK(json["package"] == true);
    CHECK(json["targets"].size() == 8);
    CHECK(json["summary"] == Json{{"errors", 1}, {"warnings", 0}, {"notes", 1}});
    REQUIRE(json["findings"].size() == 2);
    const Json& first = json["findings"][0];
    CHECK(first["rule"] == "OVF-411");
    CHECK(first["file"] == "shop.ovf");
    CHECK(first["line"] == 28);
    CHECK(first["levels"] ==
          Json{{"esxi", "error"}, {"vcenter", "error"}, {"workstation", "error"}});
    CHECK(json["findings"][1]["rule"] == "SIG-001");
}

TEST_CASE("a report becomes SARIF 2.1.0", "[ovfkit][lint]") {
    const Json sarif = to_sarif(sample_report(), ovfkit::lint::kVmware);
    CHECK(sarif["version"] == "2.1.0");
    REQUIRE(sarif["runs"].size() == 1);
    const Json& run = sarif["runs"][0];
    const Json& rules = run["tool"]["driver"]["rules"];
    CHECK(rules.size() == ovfkit::lint::all_rules().size());
    CHECK(run["artifacts"][0]["location"]["uri"] == "my%20shop.ova");
    REQUIRE(run["results"].size() == 2);
    const Json& result = run["results"][0];
    CHECK(result["level"] == "error");
    CHECK(rules[result["ruleIndex"].get<std::size_t>()]["id"] == result["ruleId"]);
    const Json& place = result["locations"][0]["physicalLocation"];
    CHECK(place["artifactLocation"]["uri"] == "/shop.ovf");
    CHECK(place["region"]["startLine"] == 28);
    const Json& artifact = run["artifacts"][place["artifactLocation"]["index"].get<std::size_t>()];
    CHECK(artifact["parentIndex"] == 0);
    CHECK(artifact["location"]["uri"] == "/shop.ovf");
    // The package as a whole has no region.
    const Json& whole = run["results"][1]["locations"][0]["physicalLocation"];
    CHECK(whole["artifactLocation"]["index"] == 0);
    CHECK_FALSE(whole.contains("region"));
    for (const Json& rule : rules) {
        const std::string level = rule["defaultConfiguration"]["level"];
        CHECK((level == "none" || level == "note" || level == "warning" || level == "error"));
    }
}

TEST_CASE("docs/lint-rules.md is what the rules say", "[ovfkit][lint]") {
    const std::string path = std::string(MUSTER_SOURCE_DIR) + "/docs/lint-rules.md";
    const std::string text = ovfkit::lint::rules_as_markdown();
    if (std::getenv("ACCEPT") != nullptr) {
        base::write_file(path, text);
    }
    const bool same = base::read_file(path) == text;
    INFO("muster lint --rules --markdown >docs/lint-rules.md");
    CHECK(same);
}

TEST_CASE("the list of rules can be narrowed to targets", "[ovfkit][lint]") {
    const std::string all = ovfkit::lint::rules_as_text(ovfkit::lint::kEveryone);
    const std::string proxmox = ovfkit::lint::rules_as_text(ovfkit::lint::kProxmox);
    CHECK(all.find("OVF-402") != std::string::npos);
    CHECK(proxmox.find("OVF-402") == std::string::npos);
    CHECK(proxmox.find("OVF-312   error") != std::string::npos);
    CHECK(ovfkit::lint::rules_as_json().size() == ovfkit::lint::all_rules().size());
}
