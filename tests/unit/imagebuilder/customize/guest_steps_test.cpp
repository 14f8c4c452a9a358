// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/guest_steps.h"

#include "base/error.h"
#include "imagebuilder/customize/customize_ways.h"
#include "imagebuilder/customize/guest_packages.h"
#include "tests/support/catch.h"

namespace {

using namespace imagebuilder;

base::ErrorKind way_error(const CustomizeOptions& options, const CustomizeHost& host) {
    try {
        possible_ways(options, {}, host);
    } catch (const base::Error& error) {
        return error.kind();
    }
    return base::ErrorKind::internal;
}

RootSearch found_root() {
    return {.root = MountedRoot{}, .seen = "ext4 in partition 1", .others = {}};
}

}  // namespace

TEST_CASE("a program in the guest has a clean environment and says how it ended",
          "[imagebuilder][customize]") {
    const std::string script = guest_script({"sh", "-e", "-c", "echo 'a b'", "sh", "$x"});
    CHECK(script.find("/usr/bin/env -i PATH=") != std::string::npos);
    CHECK(script.find(R"(sh -e -c 'echo '\''a b'\''' sh '$x' </run/muster/input)") !=
          std::string::npos);
    const GuestAnswer answer = parse_guest_answer("muster-status 3\nlast\nlines\n");
    CHECK(answer.status == 3);
    CHECK(answer.output == "last\nlines\n");
    for (const char* hostile : {"", "hello", "muster-status \nx", "muster-status -1\n",
                                "muster-status 1000\n", "muster-status 0x\n"}) {
        CHECK_THROWS_AS(parse_guest_answer(hostile), base::Error);
    }
}

TEST_CASE("libguestfs changes what mounting cannot", "[imagebuilder][customize]") {
    const CustomizeHost both{.may_mount = true, .has_guestfish = true};
    CustomizeOptions options;
    CustomizeWays ways = possible_ways(options, {}, both);
    CHECK(choose_way(ways, found_root()) == Executor::mount);
    CHECK(choose_way(ways, RootSearch{.root = {}, .seen = "LVM2_member", .others = {}}) ==
          Executor::libguestfs);
    RootSearch several = found_root();
    several.others = {"/var"};
    CHECK(choose_way(ways, several) == Executor::libguestfs);
    CHECK_THROWS_AS(choose_way(ways, RootSearch{}), base::Error);  // no file system at all

    ways = possible_ways(options, {}, {.may_mount = true, .has_guestfish = false});
    CHECK(choose_way(ways, several) == Executor::mount);
    CHECK_THROWS_AS(choose_way(ways, RootSearch{.root = {}, .seen = "LVM2_member", .others = {}}),
                    base::Error);
    ways = possible_ways(options, {}, {.may_mount = false, .has_guestfish = true});
    CHECK_FALSE(ways.mount);
    CHECK(choose_way(ways, std::nullopt) == Executor::libguestfs);
    CHECK(way_error(options, {}) == base::ErrorKind::environment);

    options.keys = {{"all", "secret"}};
    CHECK_FALSE(possible_ways(options, {}, both).mount);
    CHECK(way_error(options, {.may_mount = true}) == base::ErrorKind::environment);
    options.executor = Executor::mount;
    CHECK(way_error(options, both) == base::ErrorKind::unsupported);
    options.keys.clear();
    CHECK_FALSE(possible_ways(options, {}, both).libguestfs);
    options.executor = Executor::compose;
    CHECK(way_error(options, both) == base::ErrorKind::usage);
}

TEST_CASE("a look at a root says what packages it has and what is elsewhere",
          "[imagebuilder][customize]") {
    RootSearch search = found_root();
    read_root_look(
        "program dnf\nprogram yum\nmount / xfs\nmount /boot/efi vfat\nmount none swap\n"
        "mount /var xfs\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nPRETTY_NAME=\"Rocky 9\"\n",
        search);
    CHECK(search.root->packages == PackageManager::dnf);
    CHECK(search.root->pretty_name == "Rocky 9");
    CHECK(search.others == std::vector<std::string>{"/var"});
}

TEST_CASE("a simulation of apt names the files to fetch", "[imagebuilder][customize]") {
    const auto packages = parse_simulation(
        "NOTE: This is only a simulation!\nReading package lists...\n"
        "Inst libc6 [2.36-9] (2.36-9+deb12u1 Debian:12.8/stable [amd64])\n"
        "Inst less:amd64 (1:590-2.1 Debian:12.8/stable [amd64]) []\n"
        "Inst tzdata (2024a-0 Debian:12/stable, Debian-Security:12/stable [all])\nInst broken\n"
        "Conf less (1:590-2.1 Debian:12.8/stable [amd64])\n");
    REQUIRE(packages.size() == 3);
    CHECK_FALSE(packages[0].is_new);
    CHECK(packages[1].is_new);
    CHECK(deb_file_name(packages[1]) == "less_1%3a590-2.1_amd64.deb");
    CHECK(deb_file_name(packages[2]) == "tzdata_2024a-0_all.deb");
    CHECK(plain_package_name("nginx=1.2:3") == "nginx");
    CHECK(plain_package_name("nginx:amd64") == "nginx");
}

TEST_CASE("of a stranger's dpkg status apt sees plain fields only", "[imagebuilder][customize]") {
    CHECK(plain_dpkg_status("Package: a\nStatus: install ok installed\nDescription: x\n long\n"
                            "X-Evil: y\nVersion: 1\x1b[0m\nDepends: b\n\nPackage: b") ==
          "Package: a\nStatus: install ok installed\nDepends: b\n\nPackage: b\n");
    CHECK(plain_dpkg_status("Depends: " + std::string(100000, 'x') + "\n").empty());
}
