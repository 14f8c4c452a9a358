// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/recipe.h"

#include <string>

#include "base/error.h"
#include "base/file.h"
#include "tests/support/catch.h"

namespace {

using base::ErrorKind;
using imagebuilder::parse_recipe;

const std::string kHead = "name: web\nsource: { bootstrap: debian, release: bookworm }\n";

struct Failure {
    ErrorKind kind = ErrorKind::internal;
    std::string message;
    std::string hint;
};

Failure failure_of(const std::string& text) {
    try {
        parse_recipe(text, "recipe.yaml");
    } catch (const base::Error& error) {
        return {error.kind(), error.message(), error.hint()};
    }
    FAIL("the recipe was accepted: " << text);
    return {};
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a recipe keeps its steps in the order of application", "[imagebuilder][recipe]") {
    const auto recipe = parse_recipe(kHead +
                                         "steps:\n"
                                         "  - run: echo last\n"
                                         "  - write_file: { path: /etc/x, content: y }\n"
                                         "packages: [nginx, curl]\n"
                                         "mask: a.service\n"
                                         "run: nginx -t\n",
                                     "recipe.yaml");
    std::string all;
    for (const auto& step : recipe.steps) {
        all += describe(step.action) + "|";
    }
    CHECK(all ==
          "packages: nginx curl|run: nginx -t|mask: a.service|run: echo last|write_file: /etc/x|");
    CHECK(recipe.steps.back().where == "recipe.yaml:5:5");
    CHECK(wants_seal(recipe));
    CHECK(wants_guest(recipe));
    CHECK(disk_of(recipe).size_bytes == 2147483648U);
}

TEST_CASE("every detail of files, users and disk is read", "[imagebuilder][recipe]") {
    const auto recipe = parse_recipe(
        kHead +
            "write_files: [{ path: /a, content: 'x', permissions: \"0600\", owner: www-data }]\n"
            "copy: { from: ./site/, to: /srv, owner: \"a:b\" }\n"
            "users: [{ name: ops, groups: [sudo], ssh_authorized_keys: [k], password: $6$x }]\n"
            "disk: { size: 3 GiB, grow: false, boot: [bios] }\n"
            "kernel_arguments: [quiet]\nhostname: h1\nfirstboot: [a, b]\nseal: none\nguest: no\n",
        "recipe.yaml");
    const auto& user = std::get<imagebuilder::AddUser>(recipe.steps.at(0).action);
    CHECK(user.groups == std::vector<std::string>{"sudo"});
    CHECK(user.password_hash == "$6$x");
    const auto& file = std::get<imagebuilder::WriteFile>(recipe.steps.at(1).action);
    CHECK(file.permissions == 0600U);
    CHECK(file.owner == "www-data:www-data");
    const auto& copy = std::get<imagebuilder::CopyFiles>(recipe.steps.at(2).action);
    CHECK(copy.from == "site/");
    CHECK(copy.owner == "a:b");
    CHECK(recipe.disk->size_bytes == 3221225472U);
    CHECK_FALSE(recipe.disk->grow);
    CHECK(recipe.disk->bios);
    CHECK_FALSE(recipe.disk->uefi);
    CHECK(disk_of(parse_recipe(kHead, "r")).bios);
    const auto uefi = parse_recipe(kHead + "disk: { boot: uefi }\n", "recipe.yaml");
    CHECK((uefi.disk->uefi && !uefi.disk->bios));
    CHECK(recipe.firstboot.size() == 2);
    CHECK_FALSE(wants_seal(recipe));
    CHECK_FALSE(wants_guest(recipe));
}

TEST_CASE("an unknown key is refused with its place and a guess", "[imagebuilder][recipe]") {
    const Failure top = failure_of(kHead + "packges: [nginx]\n");
    CHECK(top.kind == ErrorKind::invalid_input);
    CHECK(has(top.message, "recipe.yaml:3:"));
    CHECK(has(top.message + top.hint, "packages"));
    CHECK(has(failure_of(kHead + "write_files:\n  - { path: /a, content: b, mode: 1 }\n").message,
              "recipe.yaml:4:"));
    CHECK(has(failure_of(kHead + "steps:\n  - shout: hello\n").message, "'shout'"));
}

TEST_CASE("keys of other tools are unsupported, not ignored", "[imagebuilder][recipe]") {
    for (const std::string text :
         {"output: [vmdk]", "variables: {}", "timezone: UTC", "runcmd: [ls]", "arch: arm64"}) {
        INFO(text);
        const Failure failure = failure_of(kHead + text + "\n");
        CHECK(failure.kind == ErrorKind::unsupported);
        CHECK(has(failure.message, "recipe.yaml:3:"));
        CHECK_FALSE(failure.hint.empty());
    }
    CHECK(failure_of("name: a\nsource: { bootstrap: arch, release: x }\n").kind ==
          ErrorKind::unsupported);
    CHECK(failure_of("name: a\nsource: { bootstrap: debian, release: sid, snapshot: x }\n").kind ==
          ErrorKind::unsupported);
}

TEST_CASE("a recipe can start from a tarball", "[imagebuilder][recipe]") {
    const std::string digest(64, 'a');
    const auto recipe =
        parse_recipe("source: { tarball: ../root.tar.xz, sha256: " + std::string(64, 'A') + " }\n",
                     "/x/Web Shop/recipe.yaml");
    CHECK(recipe.name == "web-shop");
    CHECK(recipe.base->location == "../root.tar.xz");
    CHECK(recipe.base->sha256 == digest);
    CHECK_FALSE(has_steps(recipe));
    CHECK(parse_recipe("source: { tarball: a }\n", "base.yaml").name == "base");
    CHECK(parse_recipe("source: { tarball: a, release: bookworm }\n", "b").source->release ==
          "bookworm");
    const Failure from_web = failure_of("source: { tarball: \"https://example.org/a.tar\" }\n");
    CHECK(from_web.kind == ErrorKind::invalid_input);
    CHECK(has(from_web.message, "needs its digest"));
    CHECK(has(failure_of("source: { tarball: a, sha256: abc }\n").message, "64 hex digits"));
    CHECK(parse_recipe("source: { disk: a.qcow2, key_file: secret/key }\n", "recipe.yaml")
              .base->key_file == "secret/key");
    CHECK(has(failure_of("source: { tarball: a.tar, key_file: k }\n").message, "key_file"));
    CHECK(has(failure_of("source: { tarball: '' }\n").message, "names no file"));
    CHECK(has(failure_of("source: { tarball: a, bootstrap: debian }\n").message, "bootstrap"));
    CHECK(has(failure_of("source: { tarball: a, exclude_paths: [b] }\n").message, "exclude_paths"));
}

TEST_CASE("values that could do harm are refused", "[imagebuilder][recipe]") {
    for (const std::string text : {"packages: [\"-oDebug=1\"]",
                                   "packages: [\"a;b\"]",
                                   "write_files: [{path: a, content: b}]",
                                   "write_files: [{path: /a/../b, content: b}]",
                                   "write_files: [{path: /a, content: b, permissions: \"9\"}]",
                                   "write_files: [{path: /a, content: b, owner: \"-x\"}]",
                                   "copy: {from: ../x, to: /x}",
                                   "copy: {from: /etc/shadow, to: /x}",
                                   "copy: {from: a/../../b, to: /x}",
                                   "users: [{name: \"a b\"}]",
                                   "users: [{name: a, password: secret}]",
                                   "hostname: a_b",
                                   "enable: [--now]",
                                   "run: \"  \"",
                                   "disk: { boot: [floppy] }",
                                   "disk: { boot: [] }",
                                   "disk: { size: 1 MiB }",
                                   "disk: { size: 99 TiB }",
                                   "seal: maybe",
                                   "steps: [{run: a, copy: {}}]"}) {
        INFO(text);
        CHECK(failure_of(kHead + text + "\n").kind == ErrorKind::invalid_input);
    }
}

TEST_CASE("a recipe starts from a source or from another recipe", "[imagebuilder][recipe]") {
    CHECK(has(failure_of("name: a\n").message, "'source' or 'from'"));
    CHECK(has(failure_of(kHead + "from: ../x\n").message, "'source' or 'from'"));
}

TEST_CASE("a recipe inherits from its parents", "[imagebuilder][recipe]") {
    const base::TempDir dir;
    base::make_dirs(dir.path() / "base");
    base::make_dirs(dir.path() / "web");
    base::write_file(dir.path() / "base/recipe.yaml",
                     kHead + "disk: { size: 1 GiB }\nguest: false\nhostname: one\n");
    base::write_file(dir.path() / "web/recipe.yaml", "name: top\nfrom: ../base\nguest: true\n");
    const auto recipe = imagebuilder::load_recipe(dir.path() / "web");
    REQUIRE(recipe.parent);
    CHECK(recipe.parent->name == "web");
    CHECK(disk_of(recipe).size_bytes == 1073741824U);
    CHECK(wants_guest(recipe));
    CHECK(source_of(recipe).release == "bookworm");
}

TEST_CASE("a recipe starts from a disk that is there", "[imagebuilder][recipe]") {
    const std::string digest(64, 'A');
    const auto disk_of_source = [](const std::string& source) {
        return parse_recipe("name: a\nsource: " + source + "\n", "r.yaml").base.value();
    };
    const auto image = disk_of_source("{ image: 'https://x/y.qcow2', sha256: " + digest + " }");
    CHECK(image.kind == imagebuilder::BaseSource::Kind::image);
    CHECK(image.location == "https://x/y.qcow2");
    CHECK(image.sha256 == std::string(64, 'a'));
    CHECK(disk_of_source("{ disk: ../old.vmdk }").kind == imagebuilder::BaseSource::Kind::disk);
    const auto ova = disk_of_source("{ ova: shop.ova, system: web }");
    CHECK(ova.kind == imagebuilder::BaseSource::Kind::ova);
    CHECK(ova.system == "web");
    const auto saved = disk_of_source("{ template: golden-web }");
    CHECK(saved.kind == imagebuilder::BaseSource::Kind::saved);
    CHECK(saved.location == "golden-web");
    const auto recipe = parse_recipe("name: a\nsource: { image: x, release: trixie }\n", "r.yaml");
    CHECK(source_of(recipe).release == "trixie");
    const auto refusal = [&](const std::string& source) {
        return tests::error_of([&] { disk_of_source(source); }).message();
    };
    CHECK(has(refusal("{ image: 'http://x/y' }"), "needs its digest"));
    CHECK(has(refusal("{ image: x, sha256: 12 }"), "64 hex digits"));
    CHECK(has(refusal("{ disk: 'https://x/y' }"), "a file of this host"));
    CHECK(has(refusal("{ image: x, disk: y }"), "starts from one thing"));
    CHECK(has(refusal("{ tarball: x, ova: y }"), "'tarball' is there too"));
    CHECK(has(refusal("{ image: '' }"), "names no file"));
    CHECK(has(refusal("{ template: ../golden }"), "'../golden' is no name of a template"));
    CHECK(has(refusal("{ template: golden, disk: y }"), "starts from one thing"));
    CHECK(has(refusal("{ image: x, system: web }"), "system"));
    CHECK(has(refusal("{ image: x, release: Bookworm }"), "code name"));
}

TEST_CASE("recipes that are built on each other in a loop are refused", "[imagebuilder][recipe]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "recipe.yaml", "name: a\nfrom: .\n");
    try {
        imagebuilder::load_recipe(dir.path());
        FAIL("accepted");
    } catch (const base::Error& error) {
        CHECK(error.kind() == ErrorKind::invalid_input);
        CHECK(has(error.message(), "more than 8"));
    }
}

TEST_CASE("a missing recipe is not found", "[imagebuilder][recipe]") {
    const base::TempDir dir;
    for (const auto& path : {dir.path(), dir.path() / "none"}) {
        try {
            imagebuilder::load_recipe(path);
            FAIL("accepted");
        } catch (const base::Error& error) {
            CHECK(error.kind() == ErrorKind::not_found);
        }
    }
}

TEST_CASE("the shipped templates are recipes", "[imagebuilder][recipe]") {
    for (const char* name : {"debian-base", "postgres", "python-app", "nginx"}) {
        INFO(name);
        const auto recipe = imagebuilder::load_recipe(std::filesystem::path(MUSTER_SOURCE_DIR) /
                                                      "templates" / name);
        CHECK(recipe.name == name);
        CHECK_FALSE(recipe.steps.empty());
    }
}
