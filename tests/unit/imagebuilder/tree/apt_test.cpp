// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/apt.h"

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
