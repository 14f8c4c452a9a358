// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/operations.h"

#include <map>

#include "base/error.h"
#include "base/file.h"
#include "tests/support/catch.h"

namespace {

using namespace imagebuilder;

CustomizePlan plan_one(const std::string& name, const std::string& value) {
    return plan_operations({{name, value}});
}

std::string script_of(const std::string& name, const std::string& value) {
    const CustomizePlan plan = plan_one(name, value);
    REQUIRE(plan.steps.size() == 1);
    return std::get<RunCommand>(plan.steps.front().step.action).script;
}

base::ErrorKind error_of(const std::string& name, const std::string& value) {
    try {
        plan_one(name, value);
    } catch (const base::Error& error) {
        CAPTURE(error.message());
        return error.kind();
    }
    FAIL("--" << name << " '" << value << "' was taken");
    return base::ErrorKind::internal;
}

}  // namespace

TEST_CASE("every operation of the help is planned", "[imagebuilder][customize]") {
    const base::TempDir dir;
    const std::string file = (dir.path() / "key.pub").string();
    base::write_file(file, "ssh-ed25519 AAAA me\n");
    const std::string registry = (dir.path() / "a.reg").string();
    base::write_file(registry, "REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\A]\n");
    const std::map<std::string, std::string> values{{"install", "nginx,curl"},
                                                    {"uninstall", "nginx"},
                                                    {"update", ""},
                                                    {"run-command", "true"},
                                                    {"run", file},
                                                    {"copy-in", file + ":/root"},
                                                    {"upload", file + ":/root/key"},
                                                    {"write", "/etc/motd:hello"},
                                                    {"append-line", "/etc/motd:hello"},
                                                    {"edit", "/etc/motd:s/a/b/"},
                                                    {"copy", "/a:/b"},
                                                    {"move", "/a:/b"},
                                                    {"link", "/a:/b:/c"},
                                                    {"mkdir", "/a/b"},
                                                    {"delete", "/tmp/*"},
                                                    {"touch", "/a"},
                                                    {"truncate", "/a"},
                                                    {"truncate-recursive", "/var/log"},
                                                    {"scrub", "/a"},
                                                    {"chmod", "0600:/a"},
                                                    {"chown", "0:0:/a"},
                                                    {"hostname", "web-1.example"},
                                                    {"timezone", "Europe/Berlin"},
                                                    {"root-password", "locked"},
                                                    {"password", "ops:password:x:y"},
                                                    {"ssh-inject", "ops:file:" + file},
                                                    {"firstboot", file},
                                                    {"firstboot-command", "true"},
                                                    {"firstboot-install", "nginx"},
                                                    {"registry-merge", registry}};
    for (const OperationHelp& help : operation_helps()) {
        CAPTURE(help.name);
        REQUIRE(values.contains(std::string(help.name)));
        const CustomizePlan plan =
            plan_one(std::string(help.name), values.at(std::string(help.name)));
        CHECK(plan.steps.size() + plan.firstboot.size() + plan.registry.size() > 0);
    }
    CHECK(plan_one("install", "a").needs_packages);
    CHECK_FALSE(plan_one("uninstall", "a").fetches_packages);
}

TEST_CASE("values reach the shell quoted", "[imagebuilder][customize]") {
    CHECK(script_of("write", "/etc/motd:it's $HOME") ==
          "[ -d /etc/motd ] && exit 1\nprintf '%s' 'it'\\''s $HOME' >/etc/motd");
    CHECK(script_of("delete", "/tmp/a b*") == "rm -rf /tmp/a' 'b*");
    CHECK(script_of("password", "ops:password:a:b c") ==
          "# set a password\nprintf '%s:%s\\n' ops 'a:b c' | chpasswd");
    CHECK(describe(plan_one("password", "ops:password:geheim").steps.front()).find("geheim") ==
          std::string::npos);
    CHECK(plan_one("link", "/a:/b:/c").steps.size() == 2);
}

TEST_CASE("files of the host are named by their folder", "[imagebuilder][customize]") {
    const base::TempDir dir;
    base::make_dirs(dir.path() / "site");
    base::write_file(dir.path() / "site/index.html", "x");
    const auto plan = plan_one("copy-in", (dir.path() / "site").string() + ":/srv");
    const auto& copy = std::get<CopyFiles>(plan.steps.front().step.action);
    CHECK(plan.steps.front().folder == dir.path());
    CHECK(copy.from == "site");
    CHECK(copy.to == "/srv/site");
    const auto file = plan_one("copy-in", (dir.path() / "site/index.html").string() + ":/srv");
    CHECK(std::get<CopyFiles>(file.steps.front().step.action).to == "/srv/");
}

TEST_CASE("wrong operations are told", "[imagebuilder][customize]") {
    using base::ErrorKind;
    CHECK(error_of("instal", "nginx") == ErrorKind::usage);
    CHECK(error_of("install", "") == ErrorKind::usage);
    CHECK(error_of("install", "-o,x") == ErrorKind::usage);
    CHECK(error_of("install", "a;b") == ErrorKind::usage);
    CHECK(error_of("write", "/etc/motd") == ErrorKind::usage);
    CHECK(error_of("write", "etc/motd:x") == ErrorKind::usage);
    CHECK(error_of("upload", "/no/such:/a") == ErrorKind::not_found);
    CHECK(error_of("chmod", "u+x:/a") == ErrorKind::usage);
    CHECK(error_of("chown", "0:/a") == ErrorKind::usage);
    CHECK(error_of("hostname", "a b") == ErrorKind::usage);
    CHECK(error_of("root-password", "random") == ErrorKind::unsupported);
    CHECK(error_of("root-password", "secret") == ErrorKind::usage);
    CHECK(error_of("ssh-inject", ":string:k") == ErrorKind::usage);
}

TEST_CASE("commands come from a file too", "[imagebuilder][customize]") {
    const auto operations = parse_operations(
        "# comment\n\ninstall nginx,curl\nrun-command echo a \\\n  b\nupdate\n", "commands");
    REQUIRE(operations.size() == 3);
    CHECK(operations[0].value == "nginx,curl");
    CHECK(operations[1].value == "echo a   b");
    CHECK(operations[2].value.empty());
    CHECK_THROWS_AS(parse_operations("instal nginx\n", "commands"), base::Error);
}
