// SPDX-License-Identifier: Apache-2.0
// The engine on plug-ins and trees of the tests' own.
#include "assembler/introspect/plugin/find_components.h"

#include <chrono>

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/plugin/plugin_fixture.h"

namespace {

tests::FoundComponents find_with(const std::string& plugin, const tests::PluginMachine& machine) {
    base::TempDir folder;
    base::write_file(folder.path() / "x.yaml", plugin);
    tests::FoundComponents found;
    found.components = assembler::find_components(machine.tree, machine.facts,
                                                  assembler::load_plugins({folder.path().string()}),
                                                  found.remarks);
    CHECK(tests::wrong_places(machine.tree, found.components) == "");
    return found;
}

const std::string kNginxLike = R"(
name: x
applies: { files: [/etc/x.conf] }
sources:
  config: { lens: nginx, files: [/etc/x.conf], include: [ { select: "**/include" } ] }
variables: [ { select: "config:**/set", name: 1, value: 2 } ]
inputs: [ { select: "config:**/listen", endpoint: 1, protocol: tcp } ]
outputs: [ { select: "config:**/pass", protocol: http } ]
)";

}  // namespace

TEST_CASE("a file that includes itself is a remark", "[assembler][introspect][plugin]") {
    const auto found =
        find_with(kNginxLike,
                  tests::machine_of_text("=== /etc/x.conf\nlisten 80; include x.d/*.conf;\n"
                                         "=== /etc/x.d/a.conf\nlisten 81; include x.conf; include "
                                         "x.d/a.conf;\n=== /etc/x.d/b.conf -> a.conf\n"));
    REQUIRE(found.components.size() == 1);
    CHECK(found.components[0].inputs.size() == 2);
    REQUIRE(found.remarks.size() == 2);
    CHECK(found.remarks[0].text == "'/etc/x.conf' includes itself");
    CHECK(found.remarks[0].evidence.file == "/etc/x.d/a.conf");
    CHECK(found.remarks[0].evidence.line == 1);
    CHECK(found.remarks[1].text == "'/etc/x.d/a.conf' includes itself");
}

TEST_CASE("files that include each other without end have one", "[assembler][introspect][plugin]") {
    std::string text = "=== /etc/x.conf\ninclude 0;\n";
    for (int i = 0; i < 40; ++i) {
        text += "=== /etc/" + std::to_string(i) + "\ninclude " + std::to_string(i + 1) + ";\n";
    }
    const auto found = find_with(kNginxLike, tests::machine_of_text(text));
    REQUIRE(found.remarks.size() == 1);
    CHECK(found.remarks[0].text == "too many files include each other");

    std::string wide = "=== /etc/x.conf\ninclude d/*;\n";
    for (int i = 0; i < 30; ++i) {
        wide += "=== /etc/d/" + std::to_string(i) + "\nlisten 1" + std::to_string(i) +
                "; include e/*;\n=== /etc/e/" + std::to_string(i) + "\nlisten 2" +
                std::to_string(i) + ";\n";
    }
    CHECK(find_with(kNginxLike, tests::machine_of_text(wide)).components.size() == 1);
}

TEST_CASE("variables are followed to where they were set", "[assembler][introspect][plugin]") {
    const auto found = find_with(
        kNginxLike,
        tests::machine_of_text("=== /etc/x.conf\nset $host db.internal;\nset $port 81;\n"
                               "set $url http://$host:${port}; set $loop x$loop;\n"
                               "pass $url; pass http://${none:-other}:82; pass http://$loop:1;\n"));
    REQUIRE(found.components.size() == 1);
    const auto& outputs = found.components[0].outputs;
    REQUIRE(outputs.size() == 2);
    CHECK(outputs[0].host == "db.internal");
    REQUIRE(outputs[0].host_places.size() == 1);
    CHECK(outputs[0].host_places[0].line == 1);
    CHECK(outputs[0].host_places[0].column == 11);
    REQUIRE(outputs[0].port_places.size() == 1);
    CHECK(outputs[0].port_places[0].line == 2);
    CHECK(outputs[1].host == "other");
    CHECK(outputs[1].host_places[0].column == 32);
    REQUIRE(found.remarks.size() == 1);
    CHECK(found.remarks[0].text == "not known what 'x$loop' stands for");
}

TEST_CASE("variables that multiply are bounded", "[assembler][introspect][plugin]") {
    std::string text = "=== /etc/x.conf\nset $a0 x;\n";
    for (int i = 1; i < 30; ++i) {
        text += "set $a" + std::to_string(i) + " ";
        for (int j = 0; j < 50; ++j) {
            text += "${a" + std::to_string(i - 1) + "}";
        }
        text += ";\n";
    }
    text += "pass http://${a29}:80;\n";
    CHECK(find_with(kNginxLike, tests::machine_of_text(text)).components[0].outputs.empty());
}

TEST_CASE("huge and many settings end in a remark", "[assembler][introspect][plugin]") {
    std::string many = "listen 80;\n";
    for (int i = 0; i < 400'000; ++i) {
        many += "pass x;\n";
    }
    tests::PluginMachine machine;
    machine.tree.file("/etc/x.conf", many);
    auto found = find_with(kNginxLike, machine);
    REQUIRE(found.components.size() == 1);
    CHECK(found.components[0].inputs.size() == 1);
    REQUIRE_FALSE(found.remarks.empty());
    CHECK(found.remarks[0].text == "more than 100000 settings");

    tests::PluginMachine large;
    large.tree.file("/etc/x.conf", std::string(10U << 20U, 'a'));
    found = find_with(kNginxLike, large);
    REQUIRE(found.remarks.size() == 1);
    CHECK(found.remarks[0].text == "not read: longer than 4 MiB or damaged");
    CHECK(found.remarks[0].evidence.file == "/etc/x.conf");
}

TEST_CASE("a file that breaks one plug-in costs the others nothing",
          "[assembler][introspect][plugin]") {
    std::string bomb = "a: &a [x, x, x, x, x, x, x, x]\n";
    for (char c = 'b'; c < 'k'; ++c) {
        bomb += std::string(1, c) + ": &" + c + " [";
        for (int i = 0; i < 8; ++i) {
            bomb += std::string(i == 0 ? "*" : ", *") + static_cast<char>(c - 1);
        }
        bomb += "]\n";
    }
    tests::PluginMachine machine = tests::machine_of_text(
        "package memcached 1.6\n=== /etc/memcached.conf\n-p 11212\n-l 10.0.0.5\n");
    machine.tree.file("/opt/shop/compose.yaml",
                      "services: { web: { image: x, ports: ['80:80'] } }\n" + bomb);
    const auto found = tests::find_in(machine);
    REQUIRE(found.components.size() == 2);
    CHECK(found.components[0].name == "memcached");
    CHECK(found.components[0].inputs.at(0).port == 11212);
    CHECK(found.components[1].name == "web");
    REQUIRE(found.remarks.size() == 1);
    CHECK(found.remarks[0].text == "more than 100000 settings");
    CHECK(found.remarks[0].evidence.file == "/opt/shop/compose.yaml");
}

TEST_CASE("a listener on several addresses is one input", "[assembler][introspect][plugin]") {
    const auto found = find_with(
        kNginxLike, tests::machine_of_text(
                        "=== /etc/x.conf\n"
                        "listen 127.0.0.1:80; listen 10.0.0.5:80; listen 81;\n"
                        "listen 10.0.0.6:80; listen [::]:81; listen 99999; listen unix:/x;\n"));
    const auto& inputs = found.components.at(0).inputs;
    REQUIRE(inputs.size() == 3);
    CHECK(inputs[0].address == "10.0.0.5");
    CHECK(inputs[0].other_addresses == std::vector<std::string>{"127.0.0.1", "10.0.0.6"});
    CHECK(inputs[0].port_places.size() == 3);
    CHECK(inputs[1].address == "0.0.0.0");
    CHECK(inputs[2].address == "/x");
    CHECK(inputs[2].port == 0);
}

TEST_CASE("a service belongs to the first plug-in that takes it",
          "[assembler][introspect][plugin]") {
    tests::PluginMachine machine = tests::machine_of_text(
        "service a.service - enabled\n=== /etc/systemd/system/a.service\n[Service]\n"
        "ExecStart=/opt/a --port 80\n");
    base::TempDir folder;
    const std::string rules =
        "per: service\ncomponent: '{instance}'\n"
        "inputs: [ { select: 'command:--port', endpoint: 1, protocol: tcp } ]\n";
    base::write_file(folder.path() / "1.yaml",
                     "name: late\norder: 90\napplies: { unclaimed_services: true }\n" + rules);
    base::write_file(folder.path() / "2.yaml",
                     "name: early\norder: 10\napplies: { programs: [a] }\n" + rules);
    std::vector<assembler::Remark> remarks;
    const auto components = assembler::find_components(
        machine.tree, machine.facts, assembler::load_plugins({folder.path().string()}), remarks);
    REQUIRE(components.size() == 1);
    CHECK(components[0].kind == "early");
    CHECK(components[0].unit == "a.service");
    REQUIRE(components[0].inputs.size() == 1);
    CHECK(components[0].inputs[0].port_places.at(0).column == 25);
}

TEST_CASE("drop-ins and environment files of a unit are settings",
          "[assembler][introspect][plugin]") {
    const auto found = find_with(
        "name: x\napplies: { services: ['a@*.service'] }\nper: service\ncomponent: '{instance}'\n"
        "variables: [ 'environment:*' ]\n"
        "inputs: [ { select: 'environment:PORT', endpoint: 1, protocol: http } ]\n"
        "outputs: [ { select: 'command:--db', protocol: postgresql } ]\n"
        "properties: [ { select: 'environment:*' }, { select: 'environment:*_KEY', secret: true } "
        "]\n",
        tests::machine_of_text(
            "service a@shop.service - enabled\n"
            "=== /etc/systemd/system/a@.service\n[Service]\n"
            "Environment=PORT=80 \"NAME=%i and %p\"\nEnvironmentFile=-/etc/a/%i.env\n"
            "ExecStart=/opt/a --db old:1\n"
            "=== /etc/systemd/system/a@.service.d/x.conf\n[Service]\nExecStart=\n"
            "ExecStart=/opt/a --db ${DB_HOST}:5433\n"
            "=== /etc/a/shop.env\nPORT=81\nDB_HOST=db\nAPI_KEY=secret\n"));
    CHECK(tests::to_text(found) ==
          "a-shop (x) a@shop.service\n"
          "  in http http 0.0.0.0:81 /etc/a/shop.env:1 1 places 1\n"
          "  out postgresql postgresql db:5433 /etc/a/shop.env:2 1 places 1/1\n"
          "  set NAME=shop and a\n  set PORT=81\n  set DB_HOST=db\n  set API_KEY= secret\n");
}

TEST_CASE("reading the plug-ins and a machine is quick", "[assembler][introspect][plugin]") {
    const auto machine = tests::machine_of_text(
        base::read_file(MUSTER_SOURCE_DIR "/tests/data/assembler/plugins/nginx.tree", 1U << 20U));
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 5; ++i) {
        tests::find_in(machine);
    }
    // Far from what it takes, but a walk through all folders would be caught.
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("what a removed package left does not start", "[assembler][introspect][plugin]") {
    const std::string plugin =
        "name: x\napplies: { packages: [x], services: [x.service], files: "
        "[/etc/x.conf] }\nsources: { config: { lens: ini, files: "
        "[/etc/x.conf] } }\ninputs: [ { select: \"config:port\", endpoint: "
        "1, protocol: tcp } ]\n";
    const std::string config = "=== /etc/x.conf\nport = 80\n";
    const auto enabled = [&](const std::string& head) {
        const auto found = find_with(plugin, tests::machine_of_text(head + config));
        REQUIRE(found.components.size() == 1);
        return found.components[0].enabled;
    };
    CHECK_FALSE(enabled("service cron.service cron enabled\n"));
    CHECK(enabled("service cron.service cron enabled\npackage x 1\n"));
    CHECK(enabled("service cron.service cron enabled\nservice x.service - enabled\n"));
    CHECK(enabled(""));  // no services at all: a container's image
}

TEST_CASE("of the units that fit a pattern one that starts is taken",
          "[assembler][introspect][plugin]") {
    const std::string plugin =
        "name: x\napplies: { files: [/etc/x.conf] }\nper: file\nunits: "
        "[\"php*-fpm.service\", apache2.service]\nsources: { config: { "
        "lens: ini, files: [/etc/x.conf] } }\n";
    const auto unit = [&](const std::string& head) {
        const auto found =
            find_with(plugin, tests::machine_of_text(head + "=== /etc/x.conf\nport = 80\n"));
        REQUIRE(found.components.size() == 1);
        return found.components[0].unit + (found.components[0].enabled ? "" : " disabled");
    };
    const std::string fpm = "service php7.4-fpm.service php disabled\n";
    CHECK(unit(fpm + "service php8.2-fpm.service php enabled\n") == "php8.2-fpm.service");
    CHECK(unit(fpm + "service apache2.service apache2 enabled\n") == "apache2.service");
    CHECK(unit(fpm) == "php7.4-fpm.service disabled");
}
