// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/env/config/config_schema.h"

#include "base/error.h"
#include "tests/support/catch.h"

using ovfkit::ConfigSchema;
using ovfkit::ConfigType;
using ovfkit::parse_config_schema;

namespace {

// The example of hvruntime/doc/guest_config.md.
constexpr std::string_view kExample = R"({"version":1,"keys":{"db.host":{"type":"host",
  "required":true,"default":null,"secret":false,"restart":["nginx.service"],"reload":[]}},
  "files":[{"path":"/etc/nginx/conf.d/site.conf","template":"text with ${db.host}",
  "owner":"root:root","permissions":"0644","restart":["nginx.service"],"reload":[]}]})";

std::string fault_of(const std::string& text) {
    return tests::error_of([&] { parse_config_schema(text, "a.json"); }).message();
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the documented form of a schema is read", "[ovfkit][config]") {
    const ConfigSchema schema = parse_config_schema(kExample, "a.json");
    REQUIRE(schema.keys.size() == 1);
    CHECK(schema.keys[0].name == "db.host");
    CHECK(schema.keys[0].type == ConfigType::host);
    CHECK(schema.keys[0].required);
    CHECK_FALSE(schema.keys[0].default_value);
    CHECK(schema.keys[0].restart == std::vector<std::string>{"nginx.service"});
    REQUIRE(schema.files.size() == 1);
    CHECK(schema.files[0].path == "/etc/nginx/conf.d/site.conf");
    CHECK(schema.files[0].text == "text with ${db.host}");
    CHECK(schema.files[0].permissions == 0644U);
}

TEST_CASE("a schema survives writing and reading", "[ovfkit][config]") {
    ConfigSchema schema;
    schema.keys = {{.name = "a.b",
                    .type = ConfigType::integer,
                    .required = true,
                    .editable = true,
                    .default_value = "5",
                    .minimum = -1,
                    .maximum = 9,
                    .pattern = "[0-9]",
                    .values = {"5", "6"},
                    .label = "A",
                    .description = "B",
                    .restart = {"x.service"},
                    .reload = {"y.socket"}},
                   {.name = "pw", .type = ConfigType::password, .secret = true}};
    schema.files = {{"/etc/a", "${a.b}", "a:b", 04750, {"x.service"}, {}}};
    schema.inputs = {{"http", "http", "${a.b}"}};
    schema.outputs = {{"db", "postgresql", 5432, "db.host", "db.port"}};
    CHECK(parse_config_schema(to_json_text(schema), "x") == schema);
}

TEST_CASE("units without a kind are services, and a default may be a number", "[ovfkit][config]") {
    const auto schema = parse_config_schema(
        R"({"version":1,"later":[],"keys":{"p":{"type":"port","default":80,"restart":["nginx","a.timer"]},
            "b":{"type":"bool","default":true,"new":1}}})",
        "x");
    CHECK(schema.keys[0].default_value == "80");
    CHECK(schema.keys[0].restart == std::vector<std::string>{"nginx.service", "a.timer"});
    CHECK(schema.keys[1].default_value == "true");
}

TEST_CASE("what no schema can hold is refused with its place", "[ovfkit][config]") {
    CHECK(holds(fault_of("{"), "a.json is not JSON"));
    CHECK(holds(fault_of(R"({"version":55e555555})"), "holds a number that is too large"));
    CHECK(holds(fault_of("[]"), "a.json: the document must be an object"));
    CHECK(holds(fault_of("{}"), "'version' must be a number"));
    CHECK(holds(fault_of(R"({"version":2})"), "version 2 is not known"));
    const auto key = [](const std::string& name, const std::string& body) {
        return fault_of(R"({"version":1,"keys":{")" + name + R"(":{)" + body + "}}}");
    };
    CHECK(holds(key("a b", ""), "keys 'a b': it cannot be the name of a key"));
    CHECK(holds(key("ip.a", ""), "cannot be the name"));
    CHECK(holds(key("muster.a", ""), "cannot be the name"));
    CHECK(holds(key("a", R"("type":"colour")"), "unknown type 'colour'"));
    CHECK(holds(key("a", R"("required":1)"), "'required' must be true or false"));
    CHECK(holds(key("a", R"("min":"x")"), "'min' must be a whole number"));
    CHECK(holds(key("a", R"("min":18446744073709551615)"), "'min' is too large"));
    CHECK(holds(key("a", R"("default":[])"), "'default' must be a text"));
    CHECK(holds(key("a", R"("restart":"x")"), "'restart' must be a list"));
    CHECK(holds(key("a", R"("restart":["-H x"])"), "'restart' names no unit"));
    const auto file = [](const std::string& path, const std::string& more) {
        return fault_of(R"({"version":1,"files":[{"path":")" + path + R"(")" + more + "}]}");
    };
    const std::string text = R"(,"template":"")";
    CHECK(holds(file("etc/a", text), "'etc/a' is not an absolute path"));
    CHECK(holds(file("/etc/../a", text), "is not an absolute path"));
    CHECK(holds(file("/etc/", text), "is not an absolute path"));
    CHECK(holds(file("/a", ""), "'template' must be a string"));
    CHECK(holds(file("/a", R"(,"template":"${")"), "'/a': line 1: a ${ has no }"));
    CHECK(holds(file("/a", text + R"(,"permissions":"9")"), "'9' is not an octal mode"));
    CHECK(holds(fault_of(R"({"version":1,"endpoints":{"outputs":{"db":{"default_port":70000}}}})"),
                "outputs 'db': 70000 is not a port"));
}

TEST_CASE("the later of two schemas replaces keys and files by name", "[ovfkit][config]") {
    ConfigSchema schema = parse_config_schema(kExample, "a");
    merge_config_schema(schema, parse_config_schema(
                                    R"({"version":1,"keys":{"db.host":{"type":"ip"},"x":{}},
                "files":[{"path":"/etc/nginx/conf.d/site.conf","template":"t"},{"path":"/b","template":""}]})",
                                    "b"));
    REQUIRE(schema.keys.size() == 2);
    CHECK(schema.keys[0].type == ConfigType::ip);
    CHECK(schema.find_key("x") != nullptr);
    CHECK(schema.find_key("y") == nullptr);
    REQUIRE(schema.files.size() == 2);
    CHECK(schema.files[0].text == "t");
}
