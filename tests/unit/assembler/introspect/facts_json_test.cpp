// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/facts_json.h"

#include "tests/support/catch.h"

using namespace assembler;

namespace {

// Every field has a value of its own, which `written` has as JSON writes it.
MachineFacts full_facts(std::vector<std::string>& written) {
    int next = 1000;
    const auto text = [&] {
        written.push_back("\"t" + std::to_string(++next) + "\"");
        return "t" + std::to_string(next);
    };
    const auto number = [&] {
        written.push_back(":" + std::to_string(++next));
        return next;
    };
    const auto evidence = [&] {
        return Evidence{.file = text(), .line = number(), .confidence = 0.25};
    };
    const auto place = [&] {
        return ValuePlace{.file = text(), .line = number(), .column = number(), .length = number()};
    };
    const auto port = [&] { return static_cast<std::uint16_t>(number()); };
    MachineFacts facts{.name = text(), .source = text()};
    facts.hardware = {
        text(), static_cast<std::uint64_t>(number()), static_cast<std::uint32_t>(number()),
        text(), {{text(), text(), text()}},           {{text(), text(), text()}}};
    facts.os = {text(), text(), text(), text(), text(), text(), text(), text(), evidence()};
    facts.packages = {{text(), text(), text(), true, true}};
    facts.services = {{text(),
                       true,
                       text(),
                       text(),
                       text(),
                       text(),
                       {text(), text()},
                       text(),
                       evidence(),
                       true,
                       true,
                       {{text(), text(), evidence(), place()}},
                       {{text(), port(), evidence(), place()}}}};
    facts.users = {{text(),
                    static_cast<std::uint32_t>(number()),
                    text(),
                    text(),
                    {text()},
                    true,
                    number(),
                    true,
                    evidence()}};
    facts.mounts = {{text(), text(), text(), text(), evidence()}};
    facts.interfaces = {{text(), text(), {text()}, text(), {text()}, evidence()}};
    facts.shared_addresses = {{text(), 150, evidence()}};
    facts.hosts = {{text(), {text(), text()}, evidence()}};
    facts.nameservers = {text()};
    facts.search_domains = {text()};
    facts.jobs = {{text(), text(), text(), evidence(), text()}};
    facts.changed_files = {{text(), ChangedFile::Change::removed, text()},
                           {text(), ChangedFile::Change::added, text()},
                           {text(), ChangedFile::Change::modified, text()}};
    facts.secrets = {{text(), text(), evidence(), place()}};
    Component component{text(), text(),   text(), text(), text(), false,
                        true,   {text()}, {},     {},     {},     evidence()};
    component.inputs = {{text(), text(), text(), port(), evidence(), {place()}, {text()}}};
    component.outputs = {{text(),
                          text(),
                          text(),
                          port(),
                          true,
                          text(),
                          evidence(),
                          {place()},
                          {place(), place()},
                          text()}};
    component.properties = {{text(), text(), true, true, evidence(), {place()}}};
    facts.components = {component};
    facts.remarks = {{text(), evidence()}};
    return facts;
}

}  // namespace

TEST_CASE("facts are the same after a way through JSON", "[assembler][introspect]") {
    std::vector<std::string> written;
    const base::Json json = to_json(full_facts(written));
    const std::string text = base::to_json_text(json);
    for (const char* flag : {"automatic", "base", "enabled", "masked", "has_password", "system",
                             "port_written", "editable"}) {
        written.push_back(std::string("\"") + flag + "\":true");
    }
    written.emplace_back("\"enabled\":false");
    written.emplace_back("\"confidence\":0.25");
    for (const std::string& part : written) {
        INFO(part);
        CHECK(text.find(part) != std::string::npos);
    }
    CHECK(to_json(machine_facts_from_json(base::parse_json(text, "facts"))) == json);
    CHECK_FALSE(json == to_json(MachineFacts()));
    CHECK(to_json(machine_facts_from_json(base::Json::object())) == to_json(MachineFacts()));
}

TEST_CASE("facts of another shape are refused with their place", "[assembler][introspect]") {
    const auto refusal = [](const char* text) {
        return tests::error_of([&] { machine_facts_from_json(base::parse_json(text, "facts")); })
            .message();
    };
    CHECK(refusal("[]") == "facts: expected an object");
    CHECK(refusal(R"({"name": 5})") == "facts.name: expected a text");
    CHECK(refusal(R"({"packages": {}})") == "facts.packages: expected a list");
    CHECK(refusal(R"({"packages": [{}, {"automatic": "x"}]})") ==
          "facts.packages[1].automatic: expected true or false");
    CHECK(refusal(R"({"components": [{"inputs": [{"port": 65536}]}]})") ==
          "facts.components[0].inputs[0].port: expected a number of this size");
    CHECK(refusal(R"({"users": [{"uid": -1}]})") ==
          "facts.users[0].uid: expected a number of this size");
    CHECK(refusal(R"({"changed_files": [{"change": "eaten"}]})") ==
          "facts.changed_files[0].change: expected modified, added or removed");
    CHECK(refusal(R"({"os": {"evidence": {"confidence": "1"}}})") ==
          "facts.os.evidence.confidence: expected a number");
}
