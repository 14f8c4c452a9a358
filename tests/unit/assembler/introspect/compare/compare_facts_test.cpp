// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/compare/compare_facts.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/connect/sample_facts.h"

using namespace assembler;

namespace {

// "~packages/nginx: 1.0 -> 1.2", sorted by group as compare_facts() gives them.
std::vector<std::string> texts_of(const std::vector<Difference>& differences) {
    std::vector<std::string> texts;
    for (const Difference& one : differences) {
        const char sign = one.kind == Difference::Kind::added     ? '+'
                          : one.kind == Difference::Kind::removed ? '-'
                                                                  : '~';
        texts.push_back(sign + one.subject + "/" + one.what + ": " + one.before + " -> " +
                        one.after);
    }
    return texts;
}

}  // namespace

TEST_CASE("a machine does not differ from itself in another order", "[assembler][compare]") {
    MachineFacts app = tests::shop_app();
    app.packages = {{.name = "a", .version = "1"}, {.name = "b", .version = "2"}};
    app.users = {{.name = "ops", .groups = {"sudo", "adm"}}};
    MachineFacts other = app;
    other.source = "elsewhere.qcow2";
    std::reverse(other.packages.begin(), other.packages.end());
    other.users[0].groups = {"adm", "sudo"};
    other.components[0].outputs[0].evidence.line = 99;
    CHECK(compare_facts(app, other).empty());
}

TEST_CASE("what came, went and changed is told by group", "[assembler][compare]") {
    MachineFacts before = tests::shop_app();
    before.packages = {{.name = "a", .version = "1"}, {.name = "b", .version = "2"}};
    before.services = {{.unit = "shop.service", .enabled = true, .command_line = "/opt/shop"}};
    before.users = {{.name = "ops", .has_password = true, .authorized_keys = 2}};
    before.changed_files = {{.path = "/etc/motd"}};
    MachineFacts after = before;
    after.os.version_id = "13";
    after.packages = {{.name = "a", .version = "1.1"}, {.name = "c", .version = "3"}};
    after.services[0].enabled = false;
    after.users[0].authorized_keys = 0;
    after.users[0].has_password = false;
    after.changed_files.clear();
    after.components[0].inputs[0].port = 9090;
    after.components[0].outputs.pop_back();
    CHECK(texts_of(compare_facts(before, after)) ==
          std::vector<std::string>{
              "~system/version: 12 -> 13", "~packages/a: 1 -> 1.1", "-packages/b: 2 -> ",
              "+packages/c:  -> 3", "-listens/shop on port 8080:  -> ",
              "+listens/shop on port 9090:  -> ",
              "-connects/shop smtp to mail.example.org:25:  -> ",
              "~services/shop.service: enabled: yes -> no", "~users/ops: authorized keys: 2 -> 0",
              "~users/ops: password: yes -> no", "-configuration files//etc/motd: modified -> "});
}

TEST_CASE("settings are compared by value, secrets by place alone", "[assembler][compare]") {
    MachineFacts before = tests::shop_web();
    before.components[0].properties = {{.key = "worker_processes", .value = "auto"}};
    before.secrets = {{"private key", "old", {"/etc/ssl/key.pem", 1, 1.0}, {}}};
    MachineFacts after = before;
    after.components[0].properties[0].value = "4";
    after.secrets[0].value = "new";
    CHECK(texts_of(compare_facts(before, after)) ==
          std::vector<std::string>{"~settings/nginx worker_processes: auto -> 4"});
}

TEST_CASE("every address of an interface is one", "[assembler][compare]") {
    MachineFacts before = tests::shop_web();
    MachineFacts after = before;
    after.components[0].inputs[0].address = "::";
    after.interfaces[0].addresses = {"10.84.0.10/24"};
    CHECK(texts_of(compare_facts(before, after)) ==
          std::vector<std::string>{"~network/ens3: addresses: 10.0.5.10/24 -> 10.84.0.10/24"});
}

TEST_CASE("files that both changed are compared by content", "[assembler][compare]") {
    MachineFacts machine = tests::shop_web();
    machine.changed_files = {{.path = "/etc/same"}, {.path = "/etc/other"}, {.path = "/etc/gone"}};
    const auto differences = compare_facts(
        machine, machine,
        [](const std::string& path) {
            return path == "/etc/gone" ? std::nullopt : std::optional<std::string>("text");
        },
        [](const std::string& path) {
            return path == "/etc/gone"   ? std::nullopt
                   : path == "/etc/same" ? std::optional<std::string>("text")
                                         : std::optional<std::string>("changed");
        });
    REQUIRE(differences.size() == 1);
    CHECK(differences[0].what == "/etc/other: SHA-256");
}
