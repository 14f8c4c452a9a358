// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/services/services.h"

#include <algorithm>

#include "assembler/introspect/system/text.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/system/read_text.h"

using namespace assembler;
using namespace assembler::introspect;
using tests::ReadText;

namespace {

const ServiceFact& service(const MachineFacts& facts, const std::string& unit) {
    for (const ServiceFact& one : facts.services) {
        if (one.unit == unit) {
            return one;
        }
    }
    FAIL("no service " + unit);
    base::unreachable("FAIL returned");
}

bool has_service(const MachineFacts& facts, const std::string& unit) {
    return std::any_of(facts.services.begin(), facts.services.end(),
                       [&](const ServiceFact& one) { return one.unit == unit; });
}

void read_all(ReadText& machine, const std::string& init = "systemd") {
    machine.facts.os.init = init;
    const PackageDatabase packages = read_packages(machine.reading);
    read_services(machine.reading, packages);
}

constexpr const char* kShop =
    "=== /etc/systemd/system/shop.service\n"
    "[Service]\n"
    "ExecStart=-/usr/bin/node \"/srv/shop/app.js\" --port 8080\n"
    "User=shop\nWorkingDirectory=-/srv/shop\n"
    "Environment=\"DB_HOST=10.0.0.7\" 'GREETING=a b' PORT=8080\n"
    "EnvironmentFile=-/etc/shop.env\n"
    "[Install]\nWantedBy=multi-user.target\n"
    "=== /etc/shop.env\n# note\nDB_PASSWORD=\"s3cret\"\nLONG=a\\\nb\nexport MODE=live\n"
    "=== /etc/systemd/system/multi-user.target.wants/shop.service -> ../shop.service\n";

}  // namespace

TEST_CASE("a service is what its unit and environment say", "[assembler][introspect]") {
    ReadText machine(kShop);
    read_all(machine);
    const ServiceFact& shop = service(machine.facts, "shop.service");
    CHECK(shop.enabled);
    CHECK(shop.program == "/usr/bin/node");
    CHECK(shop.command_line == "-/usr/bin/node \"/srv/shop/app.js\" --port 8080");
    CHECK(shop.user == "shop");
    CHECK(shop.working_directory == "/srv/shop");
    CHECK(shop.environment_files == std::vector<std::string>{"/etc/shop.env"});
    CHECK(shop.package.empty());
    CHECK(shop.evidence.file == "/etc/systemd/system/shop.service");
    CHECK(shop.evidence.line == 2);
    REQUIRE(shop.environment.size() == 6);
    CHECK(shop.environment[0].name == "DB_HOST");
    CHECK(shop.environment[0].value == "10.0.0.7");
    CHECK(shop.environment[1].value == "a b");
    CHECK(shop.environment[3].value == "s3cret");
    CHECK(shop.environment[3].evidence.file == "/etc/shop.env");
    CHECK(shop.environment[4].value == "ab");
    CHECK(shop.environment[4].place.length == 0);
    CHECK(shop.environment[5].name == "MODE");
    // Each place has the value in it.
    for (const SettingFact& setting : shop.environment) {
        if (setting.place.length > 0) {
            const std::string text = machine.tree.read(setting.place.file, 1000);
            const auto line = lines_of(text).at(static_cast<std::size_t>(setting.place.line) - 1);
            CHECK(line.text.substr(static_cast<std::size_t>(setting.place.column) - 1,
                                   static_cast<std::size_t>(setting.place.length)) ==
                  setting.value);
        }
    }
}

TEST_CASE("drop-ins add to a unit and put others in place", "[assembler][introspect]") {
    ReadText machine(
        "=== /lib -> usr/lib\n"
        "=== /usr/lib/systemd/system/web.service\n[Service]\nExecStart=/usr/sbin/web\nUser=a\n"
        "Environment=A=1\n[Install]\nWantedBy=multi-user.target\n"
        "=== /usr/lib/systemd/system/web.service.d/10.conf\n[Service]\nUser=never\n"
        "=== /etc/systemd/system/web.service.d/10.conf\n[Service]\nExecStart=\n"
        "ExecStart=/usr/sbin/web --more\nEnvironment=B=2\n"
        "=== /etc/systemd/system/web.service.d/20.conf\n[Service]\nUser=b\n"
        "=== /etc/systemd/system/web.service.d/readme\n[Service]\nUser=c\n"
        "=== /etc/systemd/system/service.d/all.conf\n[Service]\nEnvironment=C=3\n");
    read_all(machine);
    const ServiceFact& web = service(machine.facts, "web.service");
    CHECK_FALSE(web.enabled);
    CHECK(web.command_line == "/usr/sbin/web --more");
    CHECK(web.evidence.file == "/etc/systemd/system/web.service.d/10.conf");
    CHECK(web.evidence.line == 3);
    CHECK(web.user == "b");
    REQUIRE(web.environment.size() == 3);
    CHECK(web.environment[1].name == "B");
}

TEST_CASE("instances of templates, aliases and masks are as systemd has them",
          "[assembler][introspect]") {
    ReadText machine(
        "=== /usr/lib/systemd/system/app@.service\n[Service]\nExecStart=/bin/app %i %I %p\n"
        "=== /etc/systemd/system/multi-user.target.wants/app@a-b.service -> "
        "/usr/lib/systemd/system/app@.service\n"
        "=== /usr/lib/systemd/system/ssh.service\n[Service]\nExecStart=/usr/sbin/sshd -D\n"
        "[Install]\nAlias=sshd.service\n"
        "=== /etc/systemd/system/sshd.service -> /usr/lib/systemd/system/ssh.service\n"
        "=== /usr/lib/systemd/system/bad.service\n[Service]\nExecStart=/bin/bad\n[Install]\n"
        "=== /etc/systemd/system/bad.service -> /dev/null\n"
        "=== /etc/systemd/system/multi-user.target.wants/bad.service -> /x/bad.service\n"
        "=== /etc/systemd/system/multi-user.target.wants/gone.service -> /x/gone.service\n"
        "=== /usr/lib/systemd/system/rescue.target.wants/x.service -> ../x.service\n"
        "=== /usr/lib/systemd/system/x.service\n[Service]\nExecStart=/bin/x\n[Install]\n");
    read_all(machine);
    CHECK(service(machine.facts, "app@a-b.service").command_line == "/bin/app a-b a/b app");
    CHECK(service(machine.facts, "app@a-b.service").enabled);
    CHECK(service(machine.facts, "ssh.service").enabled);
    CHECK_FALSE(has_service(machine.facts, "sshd.service"));
    CHECK(service(machine.facts, "bad.service").masked);
    CHECK(service(machine.facts, "bad.service").evidence.file == "/etc/systemd/system/bad.service");
    CHECK_FALSE(service(machine.facts, "bad.service").enabled);
    CHECK_FALSE(service(machine.facts, "x.service").enabled);
    CHECK(std::any_of(
        machine.facts.remarks.begin(), machine.facts.remarks.end(),
        [](const Remark& one) { return one.text.find("gone.service") != std::string::npos; }));
}

TEST_CASE("sockets start their services and say where they listen", "[assembler][introspect]") {
    ReadText machine(
        "=== /etc/systemd/system/sockets.target.wants/web.socket -> ../web.socket\n"
        "=== /etc/systemd/system/web.socket\n[Socket]\nListenStream=10.0.0.5:8080\n"
        "ListenStream=[::1]:81\nListenStream=443\nListenStream=/run/web.sock\n"
        "ListenStream=junk\n"
        "=== /usr/lib/systemd/system/web.service\n[Service]\nExecStart=/bin/web\n");
    read_all(machine);
    const ServiceFact& web = service(machine.facts, "web.service");
    CHECK(web.enabled);
    REQUIRE(web.listens.size() == 4);
    CHECK(web.listens[0].address == "10.0.0.5");
    CHECK(web.listens[0].port == 8080);
    CHECK(web.listens[0].place.column == 23);
    CHECK(web.listens[0].place.length == 4);
    CHECK(web.listens[1].address == "::1");
    CHECK(web.listens[2].port == 443);
    CHECK(web.listens[3].address == "/run/web.sock");
    CHECK(web.listens[3].port == 0);
}

TEST_CASE("enabled timers are jobs of their services", "[assembler][introspect]") {
    ReadText machine(
        "=== /etc/systemd/system/timers.target.wants/backup.timer -> ../backup.timer\n"
        "=== /etc/systemd/system/backup.timer\n[Timer]\nOnCalendar=*-*-* 03:00\nOnBootSec=15min\n"
        "=== /etc/systemd/system/off.timer\n[Timer]\nOnCalendar=daily\n"
        "=== /etc/systemd/system/backup.service\n[Service]\nExecStart=/usr/local/bin/backup\n"
        "User=postgres\n");
    read_all(machine);
    REQUIRE(machine.facts.jobs.size() == 2);
    CHECK(machine.facts.jobs[0].schedule == "*-*-* 03:00");
    CHECK(machine.facts.jobs[0].user == "postgres");
    CHECK(machine.facts.jobs[0].command == "/usr/local/bin/backup");
    CHECK(machine.facts.jobs[0].evidence.line == 2);
    CHECK(machine.facts.jobs[1].schedule == "OnBootSec=15min");
}

TEST_CASE("clusters of PostgreSQL are instances unless start.conf says no",
          "[assembler][introspect]") {
    ReadText machine(
        "=== /usr/lib/systemd/system/postgresql.service\n[Service]\nExecStart=/bin/true\n"
        "=== /usr/lib/systemd/system/postgresql@.service\n[Service]\nUser=postgres\n"
        "ExecStart=-/usr/bin/pg_ctlcluster --skip-systemctl-redirect %i start\n"
        "=== /etc/systemd/system/multi-user.target.wants/postgresql.service -> /x\n"
        "=== /etc/postgresql/15/main/postgresql.conf\nport = 5432\n"
        "=== /etc/postgresql/15/main/start.conf\n# how\nauto\n"
        "=== /etc/postgresql/15/old/postgresql.conf\nport = 5433\n"
        "=== /etc/postgresql/15/old/start.conf\nmanual\n");
    read_all(machine);
    CHECK(service(machine.facts, "postgresql@15-main.service").user == "postgres");
    CHECK_FALSE(has_service(machine.facts, "postgresql@15-old.service"));
}

TEST_CASE("init scripts count by their links, and for systemd without a unit",
          "[assembler][introspect]") {
    tests::MemoryTree tree;
    tree.file("/etc/init.d/nginx", "#!/bin/sh\nDAEMON=/usr/sbin/nginx\n", 0755)
        .file("/etc/init.d/legacy", "#!/bin/sh\n", 0755)
        .file("/etc/init.d/idle", "#!/bin/sh\n", 0755)
        .file("/etc/init.d/README", "text")
        .link("/etc/rc2.d/S03nginx", "../init.d/nginx")
        .link("/etc/rc2.d/S04legacy", "../init.d/legacy")
        .link("/etc/rc2.d/K01idle", "../init.d/idle")
        .file("/usr/lib/systemd/system/nginx.service", "[Service]\nExecStart=/x\n[Install]\n");
    ReadText sysv(tree);
    read_all(sysv, "sysv");
    CHECK(service(sysv.facts, "nginx.service").program == "/usr/sbin/nginx");
    CHECK(service(sysv.facts, "nginx.service").evidence.line == 2);
    CHECK(service(sysv.facts, "nginx.service").enabled);
    CHECK_FALSE(service(sysv.facts, "idle.service").enabled);
    CHECK_FALSE(has_service(sysv.facts, "README.service"));

    ReadText systemd(tree);
    read_all(systemd);
    CHECK_FALSE(service(systemd.facts, "nginx.service").enabled);  // its unit is what counts
    CHECK(service(systemd.facts, "legacy.service").enabled);
    CHECK(service(systemd.facts, "legacy.service").program == "/etc/init.d/legacy");
}
