// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "assembler/introspect/system/packages/base_packages.h"
#include "assembler/introspect/system/packages/changed_files.h"
#include "assembler/introspect/system/packages/package_database.h"
#include "base/crypto/md5.h"
#include "tests/support/catch.h"
#include "tests/unit/assembler/introspect/system/read_text.h"

using namespace assembler;
using namespace assembler::introspect;
using tests::ReadText;

namespace {

// nginx as it is brought, with two files of configuration, and a package that was removed.
std::string dpkg_machine() {
    return "=== /var/lib/dpkg/status\n"
           "Package: nginx\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\n"
           "Version: 1.22.1-9\nConffiles:\n /etc/nginx/nginx.conf " +
           base::md5_hex("worker 1;\n") + "\n /etc/nginx/mime.types " + base::md5_hex("mime\n") +
           "\n /etc/nginx/old 0123456789abcdef0123456789abcdef obsolete\n"
           " /etc/nginx/gone.conf " +
           base::md5_hex("gone") +
           "\nDescription: web\n server\n\n"
           "Package: libc6\nStatus: install ok installed\nPriority: required\nVersion: 2.36\n"
           "Architecture: amd64\n\n"
           "Package: apache2\nStatus: deinstall ok config-files\nVersion: 2\n"
           "Conffiles:\n /etc/apache2/ports.conf 0123456789abcdef0123456789abcdef\n\n"
           "=== /var/lib/apt/extended_states\nPackage: libc6\nAuto-Installed: 1\n"
           "=== /var/lib/dpkg/info/nginx.list\n/.\n/etc\n/etc/nginx\n/etc/nginx/nginx.conf\n"
           "/etc/nginx/mime.types\n/lib/systemd/system/nginx.service\n/usr/share/doc/nginx\n"
           "=== /var/lib/dpkg/info/libc6:amd64.list\n/usr/lib/libc.so.6\n/etc/ld.so.conf\n"
           "=== /var/lib/dpkg/info/libc6:amd64.md5sums\n" +
           base::md5_hex("include\n") + "  etc/ld.so.conf\n" + base::md5_hex("x") +
           "  usr/lib/libc.so.6\n"
           "=== /etc/ld.so.conf\ninclude\n"
           "=== /etc/nginx/nginx.conf\nworker 4;\n"
           "=== /etc/nginx/mime.types\nmime\n";
}

std::vector<std::string> changes_of(ReadText& machine) {
    const PackageDatabase packages = read_packages(machine.reading);
    find_changed_files(machine.reading, packages);
    std::vector<std::string> lines;
    for (const ChangedFile& file : machine.facts.changed_files) {
        const char* how = file.change == ChangedFile::Change::modified ? "M "
                          : file.change == ChangedFile::Change::added  ? "A "
                                                                       : "D ";
        lines.push_back(how + file.path + (file.package.empty() ? "" : " of " + file.package));
    }
    return lines;
}

}  // namespace

TEST_CASE("packages are those that dpkg has installed", "[assembler][introspect]") {
    ReadText machine(dpkg_machine());
    const PackageDatabase packages = read_packages(machine.reading);
    REQUIRE(machine.facts.packages.size() == 2);
    CHECK(machine.facts.packages[0].name == "libc6");
    CHECK(machine.facts.packages[0].automatic);
    CHECK(machine.facts.packages[0].base);
    CHECK(machine.facts.packages[1].name == "nginx");
    CHECK(machine.facts.packages[1].version == "1.22.1-9");
    CHECK_FALSE(machine.facts.packages[1].automatic);
    CHECK_FALSE(machine.facts.packages[1].base);
    CHECK(machine.facts.remarks.empty());
}

TEST_CASE("a link that its package made and that is gone was taken away",
          "[assembler][introspect]") {
    const std::string brought =
        "=== /var/lib/dpkg/status\nPackage: nginx-common\nStatus: install ok installed\n\n"
        "Package: apache2\nStatus: install ok installed\n\n"
        "=== /var/lib/dpkg/info/nginx-common.list\n/etc/nginx/sites-available/default\n"
        "=== /var/lib/dpkg/info/apache2.list\n/etc/apache2/mods-available/status.load\n"
        "/etc/apache2/mods-available/mpm_event.load\n/etc/apache2/mods-available/dir.load\n"
        "/etc/apache2/sites-available/000-default.conf\n"
        "=== /etc/nginx/sites-available/default\nx\n"
        "=== /etc/apache2/mods-available/status.load\nx\n"
        "=== /etc/apache2/mods-available/mpm_event.load\nx\n"
        "=== /etc/apache2/mods-available/dir.load\nx\n"
        "=== /etc/apache2/mods-enabled/dir.load\nx\n";
    ReadText machine(brought);
    CHECK(changes_of(machine) ==
          std::vector<std::string>{"A /etc/apache2/mods-enabled/dir.load",
                                   "D /etc/apache2/mods-enabled/status.load of apache2",
                                   "D /etc/nginx/sites-enabled/default of nginx-common"});
}

TEST_CASE("a file has its package before and after /usr was merged", "[assembler][introspect]") {
    ReadText machine(dpkg_machine());
    const PackageDatabase packages = read_packages(machine.reading);
    CHECK(packages.package_of("/etc/nginx/nginx.conf") == "nginx");
    CHECK(packages.package_of("/lib/systemd/system/nginx.service") == "nginx");
    CHECK(packages.package_of("/usr/lib/systemd/system/nginx.service") == "nginx");
    CHECK(packages.package_of("/lib/libc.so.6") == "libc6");
    CHECK(packages.package_of("/etc/apache2/ports.conf").empty());
    CHECK(packages.is_base("libc6"));
    CHECK_FALSE(packages.is_base("nginx"));
}

TEST_CASE("what differs from its package's checksum is changed", "[assembler][introspect]") {
    ReadText machine(dpkg_machine());
    CHECK(changes_of(machine) == std::vector<std::string>{"D /etc/nginx/gone.conf of nginx",
                                                          "M /etc/nginx/nginx.conf of nginx"});
}

TEST_CASE("what nobody brought is added, and what scripts make is not", "[assembler][introspect]") {
    ReadText machine(
        dpkg_machine() +
        "=== /etc/nginx/sites-enabled/shop -> ../sites-available/shop\n"
        "=== /etc/nginx/sites-enabled/default -> ../sites-available/default\n"
        "=== /etc/ssl/certs/1234.0 -> ca.pem\n=== /etc/ssl/certs/shop.pem\nmine\n"
        "=== /etc/hosts.allow\n# nothing\n=== /etc/hosts.deny\nALL: ALL\n"
        "=== /etc/profile\nsame\n=== /usr/share/base-files/profile\nsame\n"
        "=== /etc/motd\nhello\n=== /usr/share/base-files/motd\nother\n"
        "=== /etc/passwd-\nroot\n=== /etc/systemd/system/multi-user.target.wants/a.service -> /a\n"
        "=== /etc/systemd/system/shop.service\n[Service]\n"
        "=== /opt/shop/node_modules/x/index.js\n1\n=== /opt/shop/app.js\n2\n"
        "=== /usr/local/bin/tool\n#!\n=== /srv/data/\n");
    CHECK(changes_of(machine) ==
          std::vector<std::string>{
              "A /etc/hosts.deny", "A /etc/motd", "D /etc/nginx/gone.conf of nginx",
              "M /etc/nginx/nginx.conf of nginx", "A /etc/nginx/sites-enabled/shop",
              "A /etc/ssl/certs/shop.pem", "A /etc/systemd/system/shop.service",
              "A /opt/shop/app.js", "A /usr/local/bin/tool"});
}

TEST_CASE("files that ucf looks after are compared with what it made", "[assembler][introspect]") {
    ReadText machine(dpkg_machine() + "=== /var/lib/ucf/registry\nopenssh-server\t/etc/ssh/a\n" +
                     "openssh-server\t/etc/ssh/b\n=== /var/lib/ucf/hashfile\n" +
                     base::md5_hex("a\n") + "  /etc/ssh/a\n" + base::md5_hex("b\n") +
                     "  /etc/ssh/b\n=== /etc/ssh/a\na\n=== /etc/ssh/b\nchanged\n");
    const auto changes = changes_of(machine);
    CHECK(std::count(changes.begin(), changes.end(), "M /etc/ssh/b of openssh-server") == 1);
    CHECK(changes.size() == 3);
}

TEST_CASE("packages of Alpine are read, those of RPM are pointed at", "[assembler][introspect]") {
    ReadText alpine(
        "=== /lib/apk/db/installed\nP:nginx\nV:1.26-r0\nA:x86_64\nF:etc/nginx\n"
        "R:nginx.conf\nF:\nR:init\n\nP:musl\nV:1.2\n\n=== /etc/nginx/nginx.conf\n\n");
    const PackageDatabase packages = read_packages(alpine.reading);
    REQUIRE(alpine.facts.packages.size() == 2);
    CHECK(alpine.facts.packages[1].version == "1.26-r0");
    CHECK(packages.package_of("/etc/nginx/nginx.conf") == "nginx");
    CHECK(packages.package_of("/init") == "nginx");

    ReadText rocky("=== /var/lib/rpm/rpmdb.sqlite\nSQLite\n");
    read_packages(rocky.reading);
    REQUIRE(rocky.facts.remarks.size() == 2);
    CHECK(rocky.facts.remarks[0].evidence.file == "/var/lib/rpm/rpmdb.sqlite");
    CHECK(rocky.facts.remarks[0].text.find("libguestfs") != std::string::npos);
}

TEST_CASE("base packages are those that every system has, and what they need",
          "[assembler][introspect]") {
    const std::vector<PackageNeeds> packages{
        {.name = "nginx", .depends = ",libssl3, libpcre"},
        {.name = "bash", .depends = "libc6 (>= 2.36),\n libtinfo:any | gone, awk", .seed = true},
        {.name = "libc6", .depends = ",libgcc-s1"},
        {.name = "libtinfo"},
        {.name = "mawk", .provides = "awk (= 1)"},
        {.name = "libgcc-s1", .depends = ",libc6"},
        {.name = "libssl3", .depends = ",libc6"}};
    std::vector<std::size_t> base = find_base_packages(packages);
    std::sort(base.begin(), base.end());
    CHECK(base == std::vector<std::size_t>{1, 2, 3, 4, 5});
}
