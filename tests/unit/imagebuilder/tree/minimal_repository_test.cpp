// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/minimal_repository.h"

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/tree/plain_package.h"
#include "tests/support/catch.h"
#include "tests/support/shell.h"

using namespace imagebuilder;
using base::ErrorKind;

namespace {

constexpr const char* kPackages =
    "Package: bash\nEssential: yes\nVersion: 5.2-1\nArchitecture: amd64\n\n"
    "Package: mount\nVersion: 2\nPriority: required\n\n"
    "Package: nginx\nVersion: 1\nPriority: optional\nDescription: server\n"
    " Essential: yes\n Priority: required\n\n"
    "Package: bash\nEssential: yes\nVersion: 5.2-2\n";

}  // namespace

TEST_CASE("a minimal Debian has what is essential or required, and apt", "[imagebuilder][tree]") {
    CHECK(minimal_names({kPackages, "Package: dash\nEssential: yes\n"}) ==
          std::vector<std::string>{"apt", "bash", "dash", "mount"});
    CHECK(minimal_names({"\n\n", kPackages}).size() == 3);
    CHECK(tests::error_of([] {
              minimal_names({"Package: a\nEssential: no\n", ""});
          }).kind() == ErrorKind::environment);
}

TEST_CASE("what apt would install is read from its simulation", "[imagebuilder][tree]") {
    const auto chosen = chosen_packages(
        "Reading package lists...\nThe following NEW packages will be installed:\n  libc6\n"
        "Inst gcc-12-base (12.2.0-14+deb12u1 Debian:12.15/oldstable [amd64])\n"
        "Inst libc6:amd64 (2.36-9 Debian:12/stable, Debian-Security:12/stable [amd64]) []\n"
        "Inst adduser (3.134 Debian:12.15/oldstable [all]) [x:amd64 ]\n"
        "Conf libc6 (2.36-9 Debian:12/stable [amd64])\nInst cut (1\nInst\nInst x\n");
    CHECK(chosen == std::vector<ChosenPackage>{{"gcc-12-base", "12.2.0-14+deb12u1", "amd64"},
                                               {"libc6", "2.36-9", "amd64"},
                                               {"adduser", "3.134", "all"}});
    CHECK(chosen_packages("").empty());
}

TEST_CASE("a stanza says where its file is now, and keeps the rest", "[imagebuilder][tree]") {
    std::string_view stanza =
        "Package: a\nFilename: pool/a.deb\nSize: 7\nMD5sum: 0\nSHA256: 1\n"
        "Depends: b (>= 1),\n c\nPriority: required";
    CHECK(stanza_for(take_stanza(stanza), "a_1_all.deb", 9, "ff") ==
          "Package: a\nDepends: b (>= 1),\n c\nPriority: required\nFilename: ./a_1_all.deb\n"
          "Size: 9\nSHA256: ff\n");
    const std::string release = flat_release("bookworm", 0, "text");
    CHECK(release.find("Codename: bookworm\nDate: Thu, 01 Jan 1970 00:00:00 UTC\n") !=
          std::string::npos);
    CHECK(release.find(" 4 Packages\n") != std::string::npos);
}

TEST_CASE("a plain package is the same package", "[imagebuilder][tree]") {
    const base::TempDir dir;
    tests::shell(
        "mkdir -p a/DEBIAN a/usr/share a/etc plain\n"
        "printf 'Package: a\\nVersion: 1\\nArchitecture: all\\nMaintainer: m\\nDescription: d\\n' "
        ">a/DEBIAN/control\n"
        "seq 5000 >a/usr/share/numbers; ln -s numbers a/usr/share/link; echo x >a/etc/odd\n"
        "for by in xz gzip none; do dpkg-deb --root-owner-group -Z$by --build a $by.deb >out; "
        "done\n",
        dir.path());
    const auto path = [&](const std::string& name) { return dir.path() / name; };
    write_plain_packages({path("xz.deb"), path("gzip.deb"), path("none.deb")}, path("plain"));
    for (const char* by : {"xz", "gzip", "none"}) {
        INFO(by);
        tests::shell(std::string("by=") + by +
                         "\nfor what in --field --contents --fsys-tarfile --ctrl-tarfile; do\n"
                         "    cmp \"$(dpkg-deb $what $by.deb >1; echo 1)\" "
                         "\"$(dpkg-deb $what plain/$by.deb >2; echo 2)\" || exit 1\n"
                         "done\nar t plain/$by.deb | grep -qx data.tar",
                     dir.path());
    }
    // What is there stays; others are added.
    base::write_file(path("plain/xz.deb"), "mine");
    write_plain_packages({path("xz.deb")}, path("plain"));
    CHECK(base::read_file(path("plain/xz.deb")) == "mine");
}

TEST_CASE("what is no package is refused, and nothing is left", "[imagebuilder][tree]") {
    const base::TempDir dir;
    const auto refused = [&](const std::string& bytes) {
        base::write_file(dir.path() / "a.deb", bytes);
        const base::Error error = tests::error_of(
            [&] { write_plain_package(dir.path() / "a.deb", dir.path() / "plain.deb"); });
        CHECK_FALSE(std::filesystem::exists(dir.path() / "plain.deb"));
        CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
        return error.kind();
    };
    const std::string magic = "!<arch>\n";
    const auto member = [](const std::string& name, const std::string& size) {
        return (name + std::string(16, ' ')).substr(0, 16) + std::string(32, ' ') +
               (size + std::string(10, ' ')).substr(0, 10) + "`\n";
    };
    CHECK(refused("") == ErrorKind::invalid_input);
    CHECK(refused("!<thin>\n") == ErrorKind::invalid_input);
    CHECK(refused(magic) == ErrorKind::invalid_input);  // without data
    CHECK(refused(magic + "short") == ErrorKind::invalid_input);
    CHECK(refused(magic + member("data.tar", "5") + "cut") == ErrorKind::invalid_input);
    CHECK(refused(magic + member("data.tar", "x")) == ErrorKind::invalid_input);
    CHECK(refused(magic + member("data.tar", "99999999999")) == ErrorKind::invalid_input);
    CHECK(refused(magic + member("data.tar.xz", "1") + "x\n") == ErrorKind::external);
}
