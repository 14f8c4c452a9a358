// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "ovfkit/lint/lint.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/lint/descriptor_examples.h"

using ovfkit::lint::Finding;
using ovfkit::lint::Level;
using ovfkit::lint::LintReport;
using ovfkit::lint::Rule;
using tests::DescriptorExample;

namespace {

LintReport lint(const std::string& text,
                ovfkit::lint::TargetSet targets = ovfkit::lint::kEveryone) {
    return ovfkit::lint::lint_descriptor(text, "shop.ovf", targets);
}

const Finding* find(const LintReport& report, std::string_view rule) {
    const auto found =
        std::find_if(report.findings.begin(), report.findings.end(),
                     [&](const Finding& finding) { return finding.rule->id == rule; });
    return found == report.findings.end() ? nullptr : &*found;
}

std::vector<DescriptorExample> all_examples() {
    std::vector<DescriptorExample> all;
    for (const auto* some :
         {&tests::envelope_examples(), &tests::content_examples(), &tests::hardware_examples()}) {
        all.insert(all.end(), some->begin(), some->end());
    }
    return all;
}

}  // namespace

TEST_CASE("no rule objects to the clean descriptor", "[ovfkit][lint]") {
    for (const Finding& finding : lint(tests::kCleanDescriptor).findings) {
        FAIL_CHECK(finding.rule->id << " line " << finding.place.line << ": " << finding.text);
    }
}

TEST_CASE("each rule about descriptors fires on its example", "[ovfkit][lint]") {
    for (const DescriptorExample& example : all_examples()) {
        const LintReport report = lint(example.text());
        const Finding* finding = find(report, example.rule);
        INFO(example.rule);
        if (finding == nullptr) {
            for (const Finding& other : report.findings) {
                UNSCOPED_INFO("instead " << other.rule->id << ": " << other.text);
            }
            FAIL_CHECK("does not fire");
            continue;
        }
        CHECK(finding->file == "shop.ovf");
        CHECK_FALSE(finding->text.empty());
        for (const auto target : ovfkit::lint::kAllTargets) {
            if (finding->rule->id.substr(0, 5) == "OVF-0" &&
                target == ovfkit::lint::Target::muster) {
                continue;  // its level is the reader's
            }
            CHECK(finding->targets.has(target) == (finding->rule->levels.of(target) != Level::off));
        }
    }
}

TEST_CASE("a rule that is off for a target does not fire for it", "[ovfkit][lint]") {
    for (const DescriptorExample& example : all_examples()) {
        const Rule& rule = ovfkit::lint::require_rule(example.rule);
        for (const auto target : ovfkit::lint::kAllTargets) {
            if (rule.levels.of(target) == Level::off) {
                INFO(example.rule << " for " << to_string(target));
                CHECK(find(lint(example.text(), set_of(target)), example.rule) == nullptr);
            }
        }
    }
}

TEST_CASE("every rule about descriptors has an example", "[ovfkit][lint]") {
    // Fall-backs for what the reader may learn to say, and what only OVF 0.9 can break.
    std::set<std::string_view> seen{"OVF-030", "OVF-090", "OVF-091", "OVF-092"};
    for (const DescriptorExample& example : all_examples()) {
        seen.insert(example.rule);
    }
    for (const Rule* rule : ovfkit::lint::all_rules()) {
        if (rule->id.substr(0, 4) == "OVF-") {
            INFO(rule->id);
            CHECK(seen.contains(rule->id));
        }
    }
}

TEST_CASE("rules of OVF 0.9 fire on a descriptor of that version", "[ovfkit][lint]") {
    const std::string uri = "http://www.vmware.com/schema/ovf/1/envelope";
    const std::string text = R"(<Envelope xmlns=")" + uri + R"(" xmlns:ovf=")" + uri +
                             R"(" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        ovf:version="0.9">
      <References><File ovf:id="f" ovf:href="d.vmdk"/></References>
      <Section xsi:type="ovf:DiskSection_Type">
        <Disk ovf:diskId="a" ovf:fileRef="f" ovf:capacity="512" ovf:format="x"/>
        <Disk ovf:diskId="b" ovf:fileRef="f" ovf:capacity="512" ovf:format="x"/>
      </Section>
      <Content xsi:type="ovf:VirtualSystem_Type" ovf:id="vm"><Info>M</Info></Content>
    </Envelope>)";
    const LintReport report = lint(text);
    CHECK(find(report, "OVF-030") != nullptr);
    const auto no_info = [](const auto& finding) { return finding.rule->id == "OVF-107"; };
    CHECK(std::count_if(report.findings.begin(), report.findings.end(), no_info) == 1);
    CHECK(find(report, "OVF-101") != nullptr);
    CHECK(find(report, "OVF-103") == nullptr);
}

TEST_CASE("findings know their line and stand in its order", "[ovfkit][lint]") {
    const LintReport report =
        lint(tests::replaced(tests::replaced(tests::kCleanDescriptor, "vmx-14", "virtualbox-2.2"),
                             "ovf:size=\"73728\"", "ovf:size=\"-1\""));
    REQUIRE(report.findings.size() == 2);
    CHECK(report.findings[0].rule->id == "OVF-053");
    CHECK(report.findings[0].place.line == 9);
    CHECK(report.findings[1].rule->id == "OVF-411");
    CHECK(report.findings[1].level == Level::error);
    CHECK(report.findings[1].targets == ovfkit::lint::kVmware);
    CHECK(report.count(Level::error) == 1);
    CHECK(report.count(Level::warning) == 1);
}

TEST_CASE("text that is no XML has the parser's place", "[ovfkit][lint]") {
    const LintReport report = lint("<Envelope>\n  <a></b>\n</Envelope>");
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].rule->id == "OVF-001");
    CHECK(report.findings[0].place.line == 2);
    CHECK(report.findings[0].text.find("shop.ovf") == std::string::npos);
}

TEST_CASE("a finding knows its level for each target", "[ovfkit][lint]") {
    const LintReport report =
        lint(tests::replaced(tests::kCleanDescriptor, "disk1.vmdk", "disks/disk1.vmdk"));
    REQUIRE(report.findings.size() == 1);
    const Finding& finding = report.findings.front();
    CHECK(finding.level == Level::error);
    CHECK(finding.levels.of(ovfkit::lint::Target::proxmox) == Level::error);
    CHECK(finding.levels.of(ovfkit::lint::Target::vcenter) == Level::warning);
    CHECK(finding.levels.of(ovfkit::lint::Target::muster) == Level::note);
}

TEST_CASE("one known subtype among several is enough", "[ovfkit][lint]") {
    std::string text = tests::replaced(tests::kCleanDescriptor, ">lsilogic<", ">virtio lsilogic<");
    text = tests::replaced(text, ">E1000<", ">virtio E1000<");
    CHECK(lint(text).findings.empty());
}
