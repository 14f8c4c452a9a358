// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/apt.h"
#include "imagebuilder/tree/locked_index.h"

#include "tests/support/catch.h"

TEST_CASE("only Debian's own suites of the release are taken from the host",
          "[imagebuilder][apt]") {
    const std::string sources = imagebuilder::select_sources(
        "http://a.example/debian/|bookworm|main|amd64\n"
        "http://a.example/debian/|bookworm-updates|main|amd64\n"
        "http://a.example/debian/|bookworm|main|arm64\n"
        "http://a.example/debian/|trixie|main|amd64\n"
        "http://b.example/|bookworm|stable|amd64\n"
        "http://c.example/|nodistro|main|amd64\n"
        "http://d.example/security|bookworm-security|main|amd64\n",
        "bookworm");
    const std::string signed_by = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ";
    CHECK(sources == signed_by + "http://a.example/debian/ bookworm main\n" + signed_by +
                         "http://a.example/debian/ bookworm-updates main\n" + signed_by +
                         "http://d.example/security bookworm-security main\n");
    CHECK(imagebuilder::select_sources("", "bookworm").empty());
}

TEST_CASE("an index is as old as it says, not as its file", "[imagebuilder][apt]") {
    CHECK(imagebuilder::date_of_release("-----BEGIN PGP SIGNED MESSAGE-----\nOrigin: Debian\n"
                                        "Date: Sat, 11 Jul 2026 10:16:37 UTC\n"
                                        "Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC\n") ==
          1783764997);
    CHECK(imagebuilder::date_of_release("Date: yesterday\n") == 0);
    CHECK(imagebuilder::date_of_release("") == 0);
}

TEST_CASE("package files have the names that apt gives them", "[imagebuilder][apt]") {
    CHECK(imagebuilder::deb_file_name({"g++", "4:12.2.0-3", "amd64", "", "", "", ""}) ==
          "g++_4%3a12.2.0-3_amd64.deb");
}
