// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/config/image_config.h"

#include "base/error.h"
#include "base/file.h"
#include "tests/support/catch.h"

using imagebuilder::ImageConfig;
using ovfkit::ConfigKey;
using ovfkit::ConfigType;

namespace {

// A chain of recipes in a folder: base, and web on top of it.
struct Recipes {
    base::TempDir dir;

    ImageConfig load(const std::string& web, const std::string& base = "") {
        write("base", "name: base\nsource: { bootstrap: debian, release: bookworm }\n" + base);
        write("web", "name: web\nfrom: ../base\n" + web);
        return image_config(imagebuilder::load_recipe(dir.path() / "web"));
    }
    std::string fault(const std::string& web, const std::string& base = "") {
        const base::Error error = tests::error_of([&] { load(web, base); });
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        INFO(error.message());
        CHECK(error.message().find("recipe.yaml:") != std::string::npos);
        return error.message();
    }
    void write(const std::string& folder, const std::string& text) const {
        base::make_dirs(dir.path() / folder);
        base::write_file(dir.path() / folder / "recipe.yaml", text);
    }
};

bool tells(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

constexpr const char* kFull = R"(
config:
  db.host: { type: host, required: true, from: output db, restart: app }
  db.port: { type: port, default: 5432, from: output db }
  http.port:
    type: port
    default: 80
    min: 1
    max: 9000
    editable: true
    label: Port
    description: Of the page
    reload: [nginx, other.socket]
  level: { type: enum, values: [low, high], default: low }
  limit: { type: size, min: 1 MiB, max: 1 GiB, default: 64 MiB }
  wait: { type: duration, max: 5 min }
  token: { secret: true, pattern: "[a-z]+" }
  key: { type: password }
  title: Hello
endpoints:
  inputs: { http: { port: "${http.port}", protocol: http }, admin: { port: 8081 } }
  outputs: { db: { protocol: postgresql, default_port: 5432 } }
templates:
  - { file: /etc/a.conf, content: "host=${db.host}", owner: web, permissions: "0640", restart: app }
  - { file: /etc/b.conf, from: b.in, keep_default: true }
  - { file: /etc/c.conf }
)";

}  // namespace

TEST_CASE_METHOD(Recipes, "keys, endpoints and templates are read as written",
                 "[imagebuilder][config]") {
    base::make_dirs(dir.path() / "web");
    base::write_file(dir.path() / "web/b.in", "b ${title}");
    const ImageConfig config = load(kFull);
    const auto key = [&](const char* name) {
        const ConfigKey* found = config.schema.find_key(name);
        REQUIRE(found != nullptr);
        return *found;
    };
    CHECK(key("db.host").required);
    CHECK(key("db.host").restart == std::vector<std::string>{"app.service"});
    CHECK(key("http.port") == ConfigKey{.name = "http.port",
                                        .type = ConfigType::port,
                                        .editable = true,
                                        .default_value = "80",
                                        .minimum = 1,
                                        .maximum = 9000,
                                        .label = "Port",
                                        .description = "Of the page",
                                        .reload = {"nginx.service", "other.socket"}});
    CHECK(key("limit").minimum == 1 << 20);
    CHECK(key("wait").maximum == 300'000);
    CHECK(key("token").secret);
    CHECK(key("key").secret);
    CHECK(key("title").default_value == "Hello");
    REQUIRE(config.schema.inputs.size() == 2);
    CHECK(config.schema.inputs[0].port == "${http.port}");
    CHECK(config.schema.inputs[1].port == "8081");
    REQUIRE(config.schema.outputs.size() == 1);
    CHECK(config.schema.outputs[0] ==
          ovfkit::ConfigOutput{"db", "postgresql", 5432, "db.host", "db.port"});
    REQUIRE(config.files.size() == 3);
    CHECK(config.files[0].file.owner == "web:web");
    CHECK(config.files[0].file.permissions == 0640U);
    CHECK(config.files[1].file.text == "b ${title}");
    CHECK(config.files[1].keep_default);
    CHECK(config.files[2].in_image);
}

TEST_CASE_METHOD(Recipes, "a key with a file has the image's own file as its template",
                 "[imagebuilder][config]") {
    const ImageConfig config = load(
        "config:\n"
        "  a: { type: port, default: 80, file: /etc/site.conf, restart: nginx }\n"
        "  b: { file: /etc/site.conf, reload: nginx }\n");
    REQUIRE(config.files.size() == 1);
    CHECK(config.files[0].file.path == "/etc/site.conf");
    CHECK(config.files[0].in_image);
    CHECK(config.files[0].file.restart.empty());  // each key has its own
}

TEST_CASE_METHOD(Recipes, "a recipe on top refines keys and replaces templates",
                 "[imagebuilder][config]") {
    const std::string base =
        "config: { port: { type: port, default: 80, restart: app }, other: { type: int } }\n"
        "endpoints: { inputs: { http: { port: 80 } } }\n"
        "templates: [{ file: /etc/a, content: base }, { file: /etc/b, content: b }]\n";
    const ImageConfig config = load(
        "config: { port: 8080, other: { type: int, editable: true, label: O }, own: {} }\n"
        "endpoints: { inputs: { http: { port: 81 } } }\n"
        "templates: [{ file: /etc/a, content: web }]\n",
        base);
    CHECK(config.schema.keys.size() == 3);
    CHECK(config.schema.find_key("port")->default_value == "8080");
    CHECK(config.schema.find_key("port")->type == ConfigType::port);
    CHECK(config.schema.find_key("port")->restart.size() == 1);
    CHECK(config.schema.find_key("other")->editable);
    CHECK(config.schema.inputs.at(0).port == "81");
    REQUIRE(config.files.size() == 2);
    CHECK(config.files[0].file.text == "web");
    CHECK(tells(fault("config: { port: { type: int } }\n", base), "with another type"));
    CHECK(tells(fault("config: { port: { restart: x } }\n", base), "with another restart"));
    CHECK(tells(fault("config: { port: 0 }\n", base), "its default is not a port"));
}

TEST_CASE_METHOD(Recipes, "what cannot be is refused where it stands", "[imagebuilder][config]") {
    const auto key = [&](const std::string& body) {
        return fault("config: { k: { " + body + " } }\n");
    };
    CHECK(tells(key("type: prot"), "recipe.yaml:3:22: unknown type 'prot', did you mean 'port'?"));
    CHECK(tells(key("type: port, default: many"), "key 'k': its default is not a port"));
    CHECK(tells(key("defualt: 1"), "did you mean 'default'?"));
    CHECK(tells(key("type: int, min: a"), "'a' is not a whole number"));
    CHECK(tells(key("type: size, max: big"), "'big' is not a"));
    CHECK(tells(key("type: int, min: 2, max: 1"), "its min is more than its max"));
    CHECK(tells(key("from: db"), "'db' is no source of a value"));
    CHECK(tells(key("from: output db"), "from output 'db', which nobody declares"));
    CHECK(tells(key("file: etc/x"), "'etc/x' is not an absolute path"));
    CHECK(tells(key("restart: \"-x\""), "'-x' is not a unit name"));
    CHECK(tells(fault("config: { ip.a: 1 }\n"), "'ip.a' cannot be the name of a key"));

    const auto input = [&](const std::string& body) {
        return fault("config: { p: { type: port }, s: {} }\nendpoints: { inputs: { http: { " +
                     body + " } } }\n");
    };
    CHECK(tells(input("protocol: http"), "port"));
    CHECK(tells(input("port: 0"), "'0' is no port"));
    CHECK(tells(input("port: \"${q}\""), "there is no key 'q'"));
    CHECK(tells(input("port: \"${s}\""), "'${s}' is no port"));
    CHECK(tells(input("port: \"1${p}\""), "'1${p}' is no port"));
    const auto output = [&](const std::string& body) {
        return fault(
            "config: { host: { type: host }, p: { type: port } }\n"
            "endpoints: { outputs: { db: { " +
            body + " } } }\n");
    };
    CHECK(tells(output("host: hots"), "there is no key 'hots', did you mean 'host'?"));
    CHECK(tells(output("host: p"), "key 'p' of type port cannot hold it"));
    CHECK(tells(output("port: host"), "key 'host' of type host cannot hold it"));
    CHECK(tells(output("default_port: 99999"), "99999 is not a port"));
    CHECK(tells(fault("endpoints: { inputs: { HTTP: { port: 1 } } }\n"),
                "'HTTP' cannot be the name of an endpoint"));
    CHECK(tells(fault("config: { a: { type: host, from: output db } }\n"
                      "endpoints: { outputs: { db: { host: a } } }\n"
                      "templates: [{ file: /x, content: '${b}' }]\n"),
                "there is no key 'b'"));
}

TEST_CASE_METHOD(Recipes, "templates that cannot be are refused", "[imagebuilder][config]") {
    const auto file = [&](const std::string& body) {
        return fault("templates: [{ " + body + " }]\n");
    };
    CHECK(tells(file("content: x"), "file"));
    CHECK(tells(file("file: /a, content: x, from: y"), "either 'from' or 'content'"));
    CHECK(tells(file("file: /a, from: ../y"), "is not below the recipe's folder"));
    CHECK(tells(file("file: /a, owner: web"), "keeps its owner and permissions"));
    CHECK(tells(file("file: /a, keep_default: true"), "is the template itself"));
    CHECK(tells(file("file: /a, content: '${'"), "line 1: a ${ has no }"));
    CHECK(tells(file("file: /a, content: x }, { file: /a, content: y"), "'/a' has two templates"));
    CHECK(tests::error_of([&] { load("templates: [{ file: /a, from: none }]\n"); }).kind() ==
          base::ErrorKind::not_found);
    CHECK(tests::error_of([&] { load("config: { a: 1 }\nguest: false\n"); })
              .message()
              .find("no muster-guest to apply it") != std::string::npos);
    base::write_file(dir.path() / "secret", "x");
    std::filesystem::create_symlink("../secret", dir.path() / "web/link");
    CHECK(tells(file("file: /a, from: link"), "leads out of the recipe's folder"));
}
