// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/settings/apply_settings.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "hvruntime/guest/agent/channel/local_request.h"
#include "hvruntime/guest/agent/config/configure.h"
#include "hvruntime/guest/agent/settings/settings_verbs.h"
#include "tests/support/catch.h"

namespace {

using namespace hvruntime::agent;
namespace fs = std::filesystem;

constexpr std::string_view kSite = R"({"version":1,
  "keys":{
    "http.port":{"type":"port","default":80,"restart":[],"reload":[]},
    "db.host":{"type":"host","required":true},
    "title":{"type":"string","default":"T","reload":["app.service"]}},
  "files":[
    {"path":"/etc/site.conf","template":"listen ${http.port};\n","permissions":"0640","restart":["web"]},
    {"path":"/etc/db.conf","template":"host=${db.host}\n","reload":["web","app"]}]})";

struct Machine {
    base::TempDir dir;
    Places places{dir.path() / "root"};
    SettingValues given;

    Machine() { add("10-site.json", kSite); }
    void add(const std::string& name, std::string_view text) {
        base::make_dirs(places.config_schemas());
        base::write_file(places.config_schemas() / name, text);
    }
    AppliedSettings apply() {
        return apply_settings(places, [&](const std::string& key) {
            const auto found = given.find(key);
            return found == given.end() ? std::nullopt : std::optional(found->second);
        });
    }
    std::string read(const char* path) const { return base::read_file(places.at(path)); }
    std::string fault() {
        const AppliedSettings applied = apply();
        return settings_error(applied.faults);
    }
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Machine, "files are written whole, once, and only with all their keys",
                 "[hvruntime][guest][config]") {
    base::make_dirs(places.at("/etc"));
    base::write_file(places.at("/etc/db.conf"), "of the image\n");
    AppliedSettings applied = apply();
    CHECK(applied.written == Words{"/etc/site.conf"});
    CHECK(read("/etc/site.conf") == "listen 80;\n");
    CHECK(read("/etc/db.conf") == "of the image\n");
    CHECK(settings_error(applied.faults) == "'db.host' is required and has no value");
    REQUIRE(applied.waiting.size() == 1);
    CHECK(applied.waiting[0] == "'/etc/db.conf' stays as it is: 'db.host' has no value");
    struct stat info {};
    REQUIRE(::stat(places.at("/etc/site.conf").c_str(), &info) == 0);
    CHECK((info.st_mode & 07777U) == 0640U);

    given["db.host"] = "10.0.0.1";
    applied = apply();
    CHECK(applied.written == Words{"/etc/db.conf"});
    CHECK(applied.faults.empty());
    CHECK(applied.units.restart.empty());
    CHECK(applied.units.reload == Words{"app.service", "web.service"});
    CHECK(apply().written.empty());
    CHECK(apply().units.empty());
}

TEST_CASE_METHOD(Machine, "the units of what changed are named, restarts before reloads",
                 "[hvruntime][guest][config]") {
    given["db.host"] = "a";
    CHECK_FALSE(are_settings_applied(places));
    apply();
    CHECK(are_settings_applied(places));
    given["title"] = "other";  // of no file: the key's own unit
    CHECK(apply().units.reload == Words{"app.service"});
    given["http.port"] = "81";
    given["db.host"] = "b";
    const UnitsToChange units = apply().units;
    CHECK(units.restart == Words{"web.service"});
    CHECK(units.reload == Words{"app.service"});
    given.erase("http.port");  // deleted: the default
    CHECK(apply().units.restart == Words{"web.service"});
    CHECK(read("/etc/site.conf") == "listen 80;\n");
}

TEST_CASE_METHOD(Machine, "a bad value is refused and the last good one stays",
                 "[hvruntime][guest][config]") {
    given = {{"db.host", "a"}, {"http.port", "8080"}};
    apply();
    given["http.port"] = "99999";
    CHECK(fault() == "the value of 'http.port' is not a port (1 to 65535)");
    CHECK(read("/etc/site.conf") == "listen 8080;\n");
    given["title"] = "x";  // another change does not make it good
    CHECK(fault().find("http.port") != std::string::npos);
    CHECK(read("/etc/site.conf") == "listen 8080;\n");
    given["http.port"] = "8081";
    CHECK(fault().empty());
    CHECK(read("/etc/site.conf") == "listen 8081;\n");

    Machine fresh;  // without a last good one: the default
    fresh.given = {{"db.host", "a"}, {"http.port", "0"}, {"title", ""}};
    CHECK_FALSE(fresh.fault().empty());
    CHECK(fresh.read("/etc/site.conf") == "listen 80;\n");
}

TEST_CASE_METHOD(Machine, "schemas are merged by name, and a broken one spoils nothing else",
                 "[hvruntime][guest][config]") {
    given["db.host"] = "a";
    add("20-more.json", R"({"version":1,"keys":{"http.port":{"type":"port","default":8080}}})");
    add("30-broken.json", "{");
    add("40-other.txt", "{");
    CHECK(fault().find("30-broken.json is not JSON") != std::string::npos);
    CHECK(read("/etc/site.conf") == "listen 8080;\n");
}

TEST_CASE_METHOD(Machine, "a file that cannot be written does not keep others from it",
                 "[hvruntime][guest][config]") {
    given["db.host"] = "a";
    base::make_dirs(places.at("/etc/site.conf/folder"));
    const AppliedSettings applied = apply();
    CHECK(settings_error(applied.faults).find("writing '/etc/site.conf'") == 0);
    CHECK(applied.written == Words{"/etc/db.conf"});
}

TEST_CASE_METHOD(Machine, "a template for /etc/hosts keeps who the machine is",
                 "[hvruntime][guest][config]") {
    add("20-hosts.json", R"({"version":1,"files":[
        {"path":"/etc/hosts","template":"127.0.0.1 localhost\n${db.host} db.lan\n"}]})");
    base::make_dirs(places.at("/etc"));
    base::write_file(places.at("/etc/hosts"),
                     "10.0.0.9 db.lan\n# muster: begin\n10.84.0.10 web\n# muster: end\n");
    given["db.host"] = "10.84.0.11";
    apply();
    const std::string expected =
        "127.0.0.1 localhost\n10.84.0.11 db.lan\n"
        "# muster: begin\n10.84.0.10 web\n# muster: end\n";
    CHECK(read("/etc/hosts") == expected);
    CHECK(apply().written.empty());
}

TEST_CASE_METHOD(Machine, "owners are found in the machine's own files",
                 "[hvruntime][guest][config]") {
    add("10-site.json",
        R"({"version":1,"files":[{"path":"/etc/a","template":"a","owner":"app:web"},
                                 {"path":"/etc/b","template":"b","owner":"app:none"}]})");
    base::make_dirs(places.at("/etc"));
    base::write_file(places.at("/etc/passwd"),
                     "app:x:" + std::to_string(::getuid()) + ":7::/:/bin/sh\n");
    base::write_file(places.at("/etc/group"), "web:x:" + std::to_string(::getgid()) + ":\n");
    const AppliedSettings applied = apply();
    CHECK(applied.written == Words{"/etc/a"});
    CHECK(settings_error(applied.faults).find("there is no group 'none'") != std::string::npos);
}

TEST_CASE_METHOD(Machine, "boot applies the environment's values and reports what is wrong",
                 "[hvruntime][guest][config]") {
    base::make_dirs(places.run_dir());
    base::write_file(places.properties(), R"({"http.port":"0","db.host":"","title":"\u00fc"})");
    add("20-title.json", R"({"version":1,"files":[{"path":"/etc/title","template":"${title}"}]})");
    run_configure({.places = places, .limit = std::chrono::milliseconds(0)});
    CHECK(read("/etc/site.conf") == "listen 80;\n");
    CHECK(read("/etc/title") == "\xC3\xBC");
    std::string reported;
    for (const auto& entry : fs::directory_iterator(places.spool())) {
        const LocalRequest request = parse_local_request(base::read_file(entry.path()));
        REQUIRE(request.writes.size() == 1);
        CHECK(request.writes[0].key == "muster.config.error");
        reported = request.writes[0].value.value_or("");
    }
    CHECK(reported ==
          "the value of 'http.port' is not a port (1 to 65535); 'db.host' is required and has no "
          "value");
}

TEST_CASE_METHOD(Machine, "config check finds what is wrong with the files themselves",
                 "[hvruntime][guest][config]") {
    base::make_dirs(places.run_dir());
    base::write_file(places.properties(), R"({"db.host":"a"})");
    CHECK_NOTHROW(check_settings(places));
    add("20-bad.json", R"({"version":1,"keys":{"e":{"type":"enum"}},
                           "files":[{"path":"/etc/x","template":"${nowhere}"}]})");
    const base::Error error = tests::error_of([&] { check_settings(places); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK(error.message().find("2 faults") != std::string::npos);
}

TEST_CASE_METHOD(Machine, "config apply restarts by systemctl and says when that fails",
                 "[hvruntime][guest][config]") {
    base::make_dirs(places.run_dir());
    base::write_file(places.properties(), R"({"db.host":"a"})");
    base::make_dirs(places.systemctl().parent_path());
    const fs::path calls = dir.path() / "calls";
    base::write_file(places.systemctl(), "#!/bin/sh\necho \"$@\" >>" + calls.string() + "\n", 0755);
    apply_settings_now(places);
    CHECK(base::read_file(calls) ==
          "try-restart -- web.service\ntry-reload-or-restart -- app.service\n");
    base::write_file(places.systemctl(), "#!/bin/sh\nexit 1\n", 0755);
    base::write_file(places.properties(), R"({"db.host":"b"})");
    const base::Error error = tests::error_of([&] { apply_settings_now(places); });
    CHECK(error.kind() == base::ErrorKind::partial);
    CHECK(error.message().find("try-reload-or-restart") != std::string::npos);
    CHECK(read("/etc/db.conf") == "host=b\n");
}
