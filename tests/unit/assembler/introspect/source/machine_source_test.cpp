// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/machine_source.h"

#include "base/file.h"
#include "tests/support/catch.h"

using namespace assembler;

TEST_CASE("a source may name its machine", "[assembler][introspect]") {
    CHECK(parse_machine_source("/srv/web").name.empty());
    CHECK(parse_machine_source("/srv/web").location == "/srv/web");
    CHECK(parse_machine_source("web-1=/srv/x=y").name == "web-1");
    CHECK(parse_machine_source("web-1=/srv/x=y").location == "/srv/x=y");
    CHECK(parse_machine_source("./a=b").location == "./a=b");
    for (const char* text : {"=x", "Web=x", "a.b=x", "web="}) {
        INFO(text);
        CHECK(tests::error_of([&] { parse_machine_source(text); }).kind() ==
              base::ErrorKind::usage);
    }
}

TEST_CASE("a folder is a machine, and what is nothing is said", "[assembler][introspect]") {
    const base::TempDir folder;
    base::make_dirs(folder.path() / "etc");
    base::write_file(folder.path() / "etc/hostname", "db.example.org\n");
    base::write_file(folder.path() / "etc/passwd", "shop:x:1000:1000::/:/bin/sh\n");
    const std::string path = folder.path().string();
    const MachineFacts facts = introspect_source({.location = path}, {});
    CHECK(facts.name == "db");
    CHECK(facts.source == path);
    REQUIRE(facts.users.size() == 1);
    CHECK(introspect_source({.name = "web", .location = path}, {}).name == "web");

    CHECK(tests::error_of([&] { introspect_source({.location = path + "/no"}, {}); }).kind() ==
          base::ErrorKind::not_found);
    CHECK(tests::error_of([&] {
              introspect_source({.location = path + "/etc/passwd"}, {});
          }).kind() == base::ErrorKind::unsupported);
}
