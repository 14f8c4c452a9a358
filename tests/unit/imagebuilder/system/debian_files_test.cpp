// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/system/control_stanza.h"
#include "imagebuilder/system/dpkg_status.h"
#include "imagebuilder/system/os_release.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

TEST_CASE("stanzas are read field by field, with the lines that go on", "[imagebuilder][system]") {
    std::string_view text =
        "\nnot a field\nPackage:  nginx \r\nConffiles:\n /etc/a 01\n\t/etc/b 02\nOdd::x\n "
        "\nPackage: b";
    CHECK(take_stanza(text).empty());
    const auto first = take_stanza(text);
    REQUIRE(first.size() == 3);
    CHECK(value_of(first, "Package") == "nginx");
    CHECK(value_of(first, "Conffiles") == "\n /etc/a 01\n\t/etc/b 02");
    CHECK(value_of(first, "Odd") == ":x");
    CHECK(value_of(first, "package").empty());
    const auto second = take_stanza(text);
    CHECK(value_of(second, "Package") == "b");
    CHECK(text.empty());

    std::size_t stanzas = 0;
    for_each_stanza("\n\n a continuation of nothing\n\nA: 1\n\n\n\nB: 2\n",
                    [&](const std::vector<ControlField>&) { ++stanzas; });
    CHECK(stanzas == 2);
}

TEST_CASE("installed packages are those that dpkg calls installed", "[imagebuilder][system]") {
    const std::string status =
        "Package: zsh\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.9\n"
        "Description: shell\n Package: not-a-field\n\n"
        "Package: bash\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 5.2\n\n"
        "Package: old\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n"
        "Package: half\nStatus: install ok half-configured\nArchitecture: all\nVersion: 2\n";
    CHECK(installed_package_lines(status) ==
          std::vector<std::string>{"bash 5.2 amd64", "zsh 5.9 amd64"});
    CHECK(installed_package_lines("").empty());

    std::vector<std::string_view> gone;
    for_each_stanza(status, [&](const std::vector<ControlField>& fields) {
        if (dpkg_package_of(fields).is_gone()) {
            gone.push_back(dpkg_package_of(fields).name);
        }
    });
    CHECK(gone == std::vector<std::string_view>{"old"});
}

TEST_CASE("os-release is read with and without quotes", "[imagebuilder][system]") {
    const OsReleaseFields debian = read_os_release(
        "# ID=comment\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID='12'\n"
        "  VERSION_CODENAME = bookworm \r\nID=debian\nID_LIKE=x\n");
    CHECK(debian.id == "debian");
    CHECK(debian.id_line == 5);
    CHECK(debian.version_id == "12");
    CHECK(debian.code_name == "bookworm");
    CHECK(debian.pretty_name == "Debian GNU/Linux 12 (bookworm)");
    CHECK(read_os_release("ID=\"\nVERSION_ID=\n").id == "\"");
    CHECK(read_os_release("no key").id_line == 0);
}
