// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/cron.h"
#include "assembler/introspect/system/os_facts.h"
#include "assembler/introspect/system/users.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/system/read_text.h"

using namespace assembler;
using namespace assembler::introspect;
using tests::ReadText;

TEST_CASE("the operating system is what its files say", "[assembler][introspect]") {
    ReadText machine(
        "=== /usr/lib/os-release\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"
        "VERSION_ID=\"12\"\n=== /etc/os-release -> ../usr/lib/os-release\n"
        "=== /etc/hostname\n# name\nweb\n=== /etc/localtime -> /usr/share/zoneinfo/Europe/Berlin\n"
        "=== /etc/timezone\nEtc/UTC\n=== /sbin/init -> /lib/systemd/systemd\n"
        "=== /lib/systemd/systemd\nx\n=== /boot/vmlinuz-6.1.0-9-amd64\nk\n"
        "=== /boot/vmlinuz-6.1.0-13-amd64\nk\n=== /var/lib/dpkg/arch\namd64\n");
    read_operating_system(machine.reading);
    const OperatingSystem& os = machine.facts.os;
    CHECK(os.id == "debian");
    CHECK(os.version_id == "12");
    CHECK(os.pretty_name == "Debian GNU/Linux 12 (bookworm)");
    CHECK(os.evidence.line == 2);
    CHECK(os.architecture == "amd64");
    CHECK(os.hostname == "web");
    CHECK(os.timezone == "Europe/Berlin");
    CHECK(os.init == "systemd");
    CHECK(os.kernel == "6.1.0-13-amd64");
}

TEST_CASE("without a package database a program's header says the architecture",
          "[assembler][introspect]") {
    std::string elf =
        "\x7f"
        "ELF\x02\x01\x01";
    elf.resize(18);
    elf += '\xb7';
    elf += '\0';
    tests::MemoryTree tree;
    tree.file("/bin/busybox", elf).link("/sbin/init", "/bin/busybox").file("/bin/sh", "junk");
    ReadText machine(tree);
    read_operating_system(machine.reading);
    CHECK(machine.facts.os.architecture == "arm64");
    CHECK(machine.facts.os.init == "busybox");
    CHECK(machine.facts.remarks.size() == 1);  // no os-release
}

TEST_CASE("users have groups, passwords and keys", "[assembler][introspect]") {
    ReadText machine(
        "=== /etc/passwd\nroot:x:0:0:root:/root:/bin/bash\nshop:x:1000:1000::/home/shop:/bin/sh\n"
        "db:x:999:999::/var/lib/db:/usr/sbin/nologin\nopen::1001:1::/:/bin/sh\n"
        "old:x:1002:1::/:/bin/sh\njunk\n+::::::\n"
        "=== /etc/group\nroot:x:0:\nshop:x:1000:\nsudo:x:27:shop,other\nbad:x:y:\n"
        "=== /etc/shadow\nroot:*:1::::::\nshop:$6$abc$def:1::::::\ndb:!:1::::::\nold:!$6$a$b:1:\n"
        "=== /home/shop/.ssh/authorized_keys\n# key\nssh-ed25519 AAAA a@b\n\nssh-rsa BBBB\n");
    read_users(machine.reading);
    const auto& users = machine.facts.users;
    REQUIRE(users.size() == 5);
    CHECK(users[0].system);
    CHECK_FALSE(users[0].has_password);
    CHECK(users[1].groups == std::vector<std::string>{"shop", "sudo"});
    CHECK(users[1].has_password);
    CHECK(users[1].authorized_keys == 2);
    CHECK(users[1].evidence.line == 2);
    CHECK_FALSE(users[1].system);
    CHECK_FALSE(users[2].has_password);
    CHECK_FALSE(users[3].has_password);
    CHECK_FALSE(users[4].has_password);
    REQUIRE(machine.facts.remarks.size() == 2);  // a login without a password, a broken line
    CHECK(machine.facts.remarks[0].text.find("'open'") != std::string::npos);
    CHECK(machine.facts.remarks[1].evidence.line == 6);
}

TEST_CASE("mounts, hosts and name servers keep their lines", "[assembler][introspect]") {
    ReadText machine(
        "=== /etc/fstab\n# /etc/fstab\nUUID=1 / ext4 errors=remount-ro 0 1\nshort\n"
        "=== /etc/hosts\n127.0.0.1 localhost\n10.0.0.7\tdb db.example.org # the database\n"
        "=== /etc/resolv.conf\nnameserver 10.0.0.1\nsearch example.org lan\n"
        "=== /etc/systemd/resolved.conf\n[Resolve]\nDNS=10.0.0.2 10.0.0.1\n");
    read_mounts(machine.reading);
    read_hosts(machine.reading);
    read_resolver(machine.reading);
    REQUIRE(machine.facts.mounts.size() == 1);
    CHECK(machine.facts.mounts[0].point == "/");
    CHECK(machine.facts.mounts[0].options == "errors=remount-ro");
    CHECK(machine.facts.mounts[0].evidence.line == 2);
    REQUIRE(machine.facts.hosts.size() == 2);
    CHECK(machine.facts.hosts[1].names == std::vector<std::string>{"db", "db.example.org"});
    CHECK(machine.facts.nameservers == std::vector<std::string>{"10.0.0.1", "10.0.0.2"});
    CHECK(machine.facts.search_domains == std::vector<std::string>{"example.org", "lan"});
}

TEST_CASE("cron's tables and folders are jobs", "[assembler][introspect]") {
    ReadText machine(
        "=== /usr/sbin/cron\nx\n"
        "=== /etc/crontab\nSHELL=/bin/sh\n17 * * * * root cd / && run-parts --report "
        "/etc/cron.hourly\n*/5 * * * *  shop   /usr/local/bin/sync --all\n"
        "=== /etc/cron.d/backup\nMAILTO = root\n@daily postgres pg_dump shop\n"
        "=== /etc/cron.d/x.dpkg-old\n@daily root false\n"
        "=== /var/spool/cron/crontabs/shop\n0 4 * * 1 /srv/clean\n0 4 * *\n"
        "=== /etc/cron.daily/logrotate\n#!/bin/sh\n");
    PackageDatabase packages;
    read_cron(machine.reading, packages);
    const auto& jobs = machine.facts.jobs;
    REQUIRE(jobs.size() == 4);
    CHECK(jobs[0].schedule == "*/5 * * * *");
    CHECK(jobs[0].user == "shop");
    CHECK(jobs[0].command == "/usr/local/bin/sync --all");
    CHECK(jobs[0].evidence.line == 3);
    CHECK(jobs[1].schedule == "@daily");
    CHECK(jobs[1].command == "pg_dump shop");
    CHECK(jobs[2].user == "shop");
    CHECK(jobs[2].schedule == "0 4 * * 1");
    CHECK(jobs[2].command == "/srv/clean");
    CHECK(jobs[3].command == "/etc/cron.daily/logrotate");
}

TEST_CASE("jobs that no cron runs are a remark", "[assembler][introspect]") {
    ReadText machine("=== /etc/cron.d/backup\n@daily postgres pg_dump shop\n");
    read_cron(machine.reading, PackageDatabase());
    CHECK(machine.facts.jobs.empty());
    REQUIRE(machine.facts.remarks.size() == 1);
    CHECK(machine.facts.remarks[0].evidence.file == "/etc/cron.d/backup");
}

TEST_CASE("remarks are bounded", "[assembler][introspect]") {
    ReadText machine("");
    for (int i = 0; i < 1000; ++i) {
        machine.reading.remark("again");
    }
    CHECK(machine.facts.remarks.size() == 201);
}
