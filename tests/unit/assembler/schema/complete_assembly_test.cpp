// SPDX-License-Identifier: Apache-2.0
#include "assembler/schema/complete_assembly.h"

#include <algorithm>

#include "assembler/assembly_file.h"
#include "assembler/envelope_of_assembly.h"
#include "assembler/schema/schema_properties.h"
#include "base/error.h"
#include "base/file.h"
#include "ovfkit/descriptor/property/property_value.h"
#include "tests/support/catch.h"

using assembler::Assembly;
using assembler::AssemblyMachine;
using assembler::AssemblyProperty;

namespace {

constexpr const char* kDb = R"({"version":1,"keys":{
  "password":{"type":"password","required":true},
  "port":{"type":"port","default":5432}},
  "endpoints":{"inputs":{"postgresql":{"protocol":"postgresql","port":"${port}"},
                         "metrics":{"protocol":"http","port":"9187"}}}})";
constexpr const char* kApp = R"({"version":1,"keys":{
  "db.host":{"type":"host","required":true},
  "db.port":{"type":"port","default":5432},
  "db.password":{"type":"password","required":true},
  "workers":{"type":"int","min":1,"max":64,"default":"4","editable":true,"label":"Workers"},
  "level":{"type":"enum","values":["low","\"high\""],"default":"low","description":"How much"}},
  "endpoints":{"inputs":{"http":{"protocol":"http","port":"8080"}},
               "outputs":{"db":{"protocol":"postgresql","default_port":5432,"host":"db.host","port":"db.port"}}}})";
constexpr const char* kWeb = R"({"version":1,"keys":{
  "app.hosts":{"type":"hosts"},"app.port":{"type":"port","default":80}},
  "endpoints":{"outputs":{"app":{"protocol":"http","host":"app.hosts","port":"app.port"}}}})";

constexpr const char* kShop = R"(muster: 1
name: shop
version: 1.0.0
networks: { back: {}, front: {}, admin: {} }
machines:
  db:
    image: db.raw
    networks: [back]
    properties: { password: { generate: 24 } }
  app:
    image: app.raw
    count: { default: 1, max: 4 }
    networks: [back, front]
    connect: { db: db }
    properties: { db.password: "${db.password}" }
  web:
    image: web.raw
    networks: [front]
    connect: { app: app.http }
)";

// The images' schemas lie in build records, as `muster build` leaves them.
struct WiredShop {
    base::TempDir dir;

    WiredShop() {
        image("db", kDb);
        image("app", kApp);
        image("web", kWeb);
    }
    void image(const std::string& name, const std::string& schema) const {
        base::write_file(dir.path() / (name + ".raw"), "disk");
        base::write_file(dir.path() / (name + ".build.json"), R"({"config":)" + schema + "}");
    }
    Assembly load(const std::string& from = "", const std::string& to = "") const {
        std::string text = kShop;
        if (!from.empty()) {
            REQUIRE(text.find(from) != std::string::npos);
            text.replace(text.find(from), from.size(), to);
        }
        base::write_file(dir.path() / "assembly.yaml", text);
        return assembler::load_assembly(dir.path());
    }
    std::string fault(const std::string& from, const std::string& to) const {
        const base::Error error = tests::error_of([&] { load(from, to); });
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        return error.message();
    }
};

const AssemblyMachine& wired_machine(const Assembly& assembly, const std::string& name) {
    return *std::find_if(assembly.machines.begin(), assembly.machines.end(),
                         [&](const auto& one) { return one.name == name; });
}

const AssemblyProperty& wired_property(const Assembly& assembly, const std::string& machine,
                                       const std::string& key) {
    const auto& properties = wired_machine(assembly, machine).properties;
    const auto found = std::find_if(properties.begin(), properties.end(),
                                    [&](const auto& one) { return one.key == key; });
    REQUIRE(found != properties.end());
    return *found;
}

bool tells(const std::string& text, const std::string& part) {
    UNSCOPED_INFO(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE_METHOD(WiredShop, "an image's keys become typed properties of its machine",
                 "[assembler][config]") {
    const Assembly shop = load();
    CHECK(shop.warnings.empty());
    const AssemblyProperty& workers = wired_property(shop, "app", "workers");
    CHECK(workers.type == "sint32");
    CHECK(workers.qualifiers == "MinValue(1) MaxValue(64)");
    CHECK(workers.default_value == "4");
    CHECK(workers.user);
    CHECK(workers.label == "Workers");
    const AssemblyProperty& level = wired_property(shop, "app", "level");
    CHECK(level.qualifiers == R"(ValueMap{"low", "\"high\""})");
    CHECK_FALSE(level.user);
    CHECK(level.description == "How much");
    const AssemblyProperty& password = wired_property(shop, "db", "password");
    CHECK(password.password);
    CHECK(password.required);
    CHECK(password.generate_length == 24);
    CHECK_FALSE(password.default_value);
    CHECK(wired_property(shop, "db", "port").qualifiers == "MinValue(1)");
    CHECK(wired_property(shop, "db", "port").type == "uint16");
    CHECK(wired_property(shop, "app", "db.password").value_template == "${db.password}");
    // What the qualifiers say is understood where a user's value is checked.
    ovfkit::Property ovf;
    ovf.type = level.type;
    ovf.qualifiers = level.qualifiers;
    CHECK_FALSE(ovfkit::find_value_fault(ovf, "\"high\""));
    CHECK(ovfkit::find_value_fault(ovf, "middle"));
}

TEST_CASE_METHOD(WiredShop, "connections fill in addresses and ports", "[assembler][config]") {
    const Assembly shop = load();
    CHECK(wired_property(shop, "app", "db.host").value_template == "${db.ip.back}");
    CHECK(wired_property(shop, "app", "db.port").value_template == "${db.port}");
    CHECK_FALSE(wired_property(shop, "app", "db.port").default_value);
    CHECK(wired_property(shop, "web", "app.hosts").value_template == "${app.ips.front}");
    CHECK(wired_property(shop, "web", "app.port").default_value == "8080");
    const auto& endpoints = wired_machine(shop, "app").endpoints;
    REQUIRE(endpoints.size() == 2);
    CHECK(endpoints[0].name == "http");
    CHECK(endpoints[0].port == 8080);
    CHECK(endpoints[1].direction == ovfkit::Endpoint::Direction::output);
    CHECK(endpoints[1].machine == "db");
    CHECK(endpoints[1].input == "postgresql");
    CHECK(endpoints[1].network == "back");
    CHECK(endpoints[1].host_property == "db.host");
    CHECK(wired_machine(shop, "db").endpoints.at(0).port_property == "port");
}

TEST_CASE_METHOD(WiredShop, "values of the assembly stay and are checked", "[assembler][config]") {
    const std::string at = R"(properties: { db.password: "${db.password}" })";
    const auto with = [&](const std::string& more) {
        return R"(properties: { db.password: "${db.password}", )" + more + " }";
    };
    Assembly shop = load(at, with("workers: 8, level: { default: low, user: true }"));
    CHECK(wired_property(shop, "app", "workers").default_value == "8");
    CHECK_FALSE(wired_property(shop, "app", "workers").user);  // fixed by the assembly
    CHECK(wired_property(shop, "app", "level").user);
    shop = load(at, with("workers: { default: 9, label: Mine }"));
    CHECK(wired_property(shop, "app", "workers").user);
    CHECK(wired_property(shop, "app", "workers").label == "Mine");

    const std::string many = fault(at, with("workers: many"));
    CHECK(tells(many, "assembly.yaml:15:59: "));
    CHECK(
        tells(many, "property 'workers' of machine 'app' is 'many', which is not a whole number"));
    CHECK(tells(fault(at, with("workers: 65")), "is more than 64"));
    CHECK(tells(fault(at, with("level: middle")), "is not one of low"));
    CHECK(tells(fault(at, with("workers: { type: bool }")),
                "is of type int in its image, not boolean"));
    CHECK(tells(fault(at, with("workers: { generate: 9 }")), "cannot be generated"));
    const std::string secret = fault(at, "properties: { db.password: \"a\\nb\" }");
    CHECK(tells(secret, "has line ends"));
    CHECK_FALSE(tells(secret, "a\nb"));
}

TEST_CASE_METHOD(WiredShop, "a key that the image does not have is a warning",
                 "[assembler][config]") {
    const std::string at = R"(properties: { db.password: "${db.password}" })";
    const Assembly shop = load(
        at,
        R"(properties: { db.password: "${db.password}", wokers: 8, hostname: a, muster.user: b })");
    REQUIRE(shop.warnings.size() == 1);
    CHECK(tells(shop.warnings[0],
                "the image of machine 'app' has no key 'wokers', did you mean 'workers'?"));
    // Without keys there is nothing to say.
    image("app", R"({"version":1,"endpoints":{"inputs":{"http":{"port":"80"}}}})");
    CHECK(
        load("    connect: { db: db }\n    " + at, "    properties: { db.password: x, wokers: 8 }")
            .warnings.empty());
}

TEST_CASE_METHOD(WiredShop, "a required key needs a value from somebody", "[assembler][config]") {
    CHECK(tells(fault("    connect: { db: db }\n", ""),
                "machine 'app' gives no value for 'db.host', which its image requires (write "
                "'connect: { db: MACHINE }')"));
    CHECK(tells(fault(R"(    properties: { db.password: "${db.password}" })", ""),
                "machine 'app' gives no value for 'db.password'"));
    const Assembly shop =
        load(R"(db.password: "${db.password}")", "db.password: { required: true }");
    CHECK(wired_property(shop, "app", "db.password").required);
}

TEST_CASE_METHOD(WiredShop, "connections that cannot be are told with the choices",
                 "[assembler][config]") {
    const std::string at = "connect: { db: db }";
    CHECK(tells(fault(at, "connect: { bd: db }"),
                "the image of machine 'app' has no output 'bd', did you mean 'db'?"));
    CHECK(tells(fault(at, "connect: { db: bd }"), "unknown machine 'bd', did you mean 'db'?"));
    CHECK(tells(fault(at, "connect: { db: db.http }"),
                "the image of machine 'db' has no input 'http'"));
    CHECK(tells(fault(at, "connect: { db: { to: db, network: front } }"),
                "are not both on network 'front'"));
    CHECK(tells(fault(at, "connect: { db: { to: db., network: front } }"),
                "is no end of a connection"));
    CHECK(tells(fault("    image: db.raw\n    networks: [back]",
                      "    image: db.raw\n    networks: [admin]"),
                "machines 'app' and 'db' have no network in common"));
    CHECK(tells(
        fault("    image: db.raw\n    networks: [back]",
              "    image: db.raw\n    networks: [back, front]"),
        "meet on several networks: write 'db: { to: db, network: back }' or '… network: front }'"));
    CHECK(tells(fault(R"(db.password: "${db.password}")",
                      R"(db.password: "${db.password}", db.host: other)"),
                "property 'db.host' of machine 'app' has a value and is connected too"));
}

TEST_CASE_METHOD(WiredShop, "an input is chosen by its protocol or has to be named",
                 "[assembler][config]") {
    const Assembly shop = load("    networks: [front]\n    connect: { app: app.http }",
                               "    networks: [back]\n    connect: { app: db }");
    CHECK(wired_property(shop, "web", "app.hosts").value_template == "${db.ips.back}");
    CHECK(wired_property(shop, "web", "app.port").default_value == "9187");
    image("db", R"({"version":1,"endpoints":{"inputs":{"a":{"protocol":"postgresql","port":"1"},
                                                        "b":{"port":"2"}}}})");
    CHECK(
        tells(fault("connect: { db: db }", "connect: { db: db }"),
              "output 'db' of machine 'app' could go to several inputs of 'db': write one of db.a, "
              "db.b"));
    CHECK(wired_property(load("connect: { db: db }", "connect: { db: db.b }"), "app", "db.port")
              .default_value == "2");
    image("db", R"({"version":1,"endpoints":{"inputs":{"a":{"protocol":"mysql","port":"1"}}}})");
    CHECK(tells(fault("connect: { db: db }", "connect: { db: db }"),
                "machine 'db' has no input of protocol 'postgresql'"));
    std::filesystem::remove(dir.path() / "db.build.json");  // says nothing: the usual port
    CHECK(wired_property(load(), "app", "db.port").default_value == "5432");
}

TEST_CASE_METHOD(WiredShop, "a machine with one address for many is warned of",
                 "[assembler][config]") {
    image("web", R"({"version":1,"keys":{"app":{"type":"host"}},
                     "endpoints":{"outputs":{"app":{"protocol":"http","host":"app"}}}})");
    const Assembly shop = load();
    CHECK(wired_property(shop, "web", "app").value_template == "${app.ip.front}");
    REQUIRE(shop.warnings.size() == 1);
    CHECK(tells(shop.warnings[0], "it gets the first one's"));
}

TEST_CASE_METHOD(WiredShop, "a broken schema is told with its machine", "[assembler][config]") {
    image("app", R"({"version":1,"keys":{"a b":{}}})");
    CHECK(tells(fault("connect: { db: db }", "connect: { db: db }"), "machine 'app': "));
}

TEST_CASE_METHOD(WiredShop, "the schema of a recipe is known before it is built",
                 "[assembler][config]") {
    const auto folder = dir.path() / "recipe";
    base::make_dirs(folder);
    base::write_file(folder / "recipe.yaml",
                     "name: app\nsource: { bootstrap: debian, release: bookworm }\n"
                     "config: { port: { type: port, default: 80, file: /etc/x } }\n");
    const auto schema = assembler::read_image_schema(folder);
    REQUIRE(schema);
    CHECK(schema->keys.at(0).type == ovfkit::ConfigType::port);
    CHECK_FALSE(assembler::read_image_schema(dir.path() / "nowhere"));
}
