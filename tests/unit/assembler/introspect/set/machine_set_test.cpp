// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/set/machine_set.h"

#include "assembler/introspect/facts_json.h"
#include "base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/set/set_machine.h"

using namespace assembler;

TEST_CASE("machines of a set have names, files and places", "[assembler][set]") {
    const tests::SetMachines machines;
    const MachineSet set = machines.read("web.raw", "db");
    REQUIRE(set.machines.size() == 2);
    CHECK(set.members.at("web").from.disks.front().path == machines.path("web.raw"));
    CHECK(set.members.at("db").from.folder == machines.path("db"));
    CHECK(set.members.at("web").mounted.empty());
    const auto config = set.reader()("web", "/etc/nginx/conf.d/x.conf");
    REQUIRE(config);
    CHECK(config->text.find("proxy_pass") != std::string::npos);

    // Both again, by their places.
    for (const auto& [name, member] : set.members) {
        CHECK(read_again(member, machines.reading(), [](const imagebuilder::FileTree& tree) {
                  return tree.read("/etc/hostname", 100);
              }) == name + "\n");
    }
}

TEST_CASE("facts that were printed are read again", "[assembler][set]") {
    const tests::SetMachines machines;
    const MachineSet set = machines.read("web", "db");
    base::Json json;
    for (const MachineFacts& machine : set.machines) {
        json["machines"].push_back(to_json(machine));
    }
    const std::string file = machines.path("facts.json");
    base::write_file(file, base::to_json_text(json));
    CHECK(is_saved_facts(file));
    CHECK_FALSE(is_saved_facts(machines.path("web.raw")));
    const std::vector<MachineFacts> read = read_saved_facts(file);
    REQUIRE(read.size() == 2);
    CHECK(to_json(read[0]) == to_json(set.machines[0]));

    base::write_file(file, base::to_json_text(to_json(set.machines[1])));
    CHECK(read_saved_facts(file).front().name == "db");
    for (const char* text : {"[]", "{\"machines\": 3}", "{\"machines\": [3]}", "{"}) {
        INFO(text);
        base::write_file(file, text);
        CHECK(tests::error_of([&] { read_saved_facts(file); }).kind() ==
              base::ErrorKind::invalid_input);
    }
}
