// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/guest_source.h"

#include "assembler/introspect/introspect.h"
#include "assembler/introspect/system/packages/package_database.h"
#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/filetree/directory_tree.h"
#include "tests/support/catch.h"

namespace {

using namespace assembler;

imagebuilder::GuestReading windows() {
    imagebuilder::GuestReading reading;
    reading.system.type = "windows";
    reading.system.product_name = "Windows Server 2022 Standard";
    reading.system.architecture = "x86_64";
    reading.hostname = "WIN-SHOP";
    reading.version = "10.0";
    reading.applications = {{.name = "{1234}", .display_name = "Agent", .version = "4.2"}};
    reading.services = {
        {.name = "W3SVC",
         .image_path = "\"C:\\Program Files\\a b\\c.exe\" -k x",
         .account = "LocalSystem",
         .start = 2,
         .type = 0x20},
        {.name = "disk", .image_path = "disk.sys", .start = 0, .type = 1},
        {.name = "Off", .image_path = "C:\\off.exe", .account = "svc", .start = 4, .type = 0x10}};
    return reading;
}

}  // namespace

TEST_CASE("a Windows has its system, applications and services", "[assembler][introspect]") {
    const MachineFacts facts = windows_facts(windows(), "", "win.qcow2");
    CHECK(facts.name == "win-shop");
    CHECK(facts.os.id == "windows");
    CHECK(facts.os.version_id == "10.0");
    CHECK(facts.os.architecture == "amd64");
    CHECK(facts.os.pretty_name == "Windows Server 2022 Standard");
    REQUIRE(facts.packages.size() == 1);
    CHECK(facts.packages[0].name == "Agent");
    CHECK(facts.packages[0].version == "4.2");
    REQUIRE(facts.services.size() == 2);
    CHECK(facts.services[0].program == "C:\\Program Files\\a b\\c.exe");
    CHECK(facts.services[0].enabled);
    CHECK(facts.services[0].user.empty());
    CHECK(facts.services[1].masked);
    CHECK_FALSE(facts.services[1].enabled);
    CHECK(windows_facts(windows(), "shop", "win.qcow2").name == "shop");
}

TEST_CASE("packages of RPM have epoch and release in their version", "[assembler][introspect]") {
    const auto packages = packages_of({{.name = "vim",
                                        .epoch = "2",
                                        .version = "9.0",
                                        .release = "1.fc39",
                                        .architecture = "x86_64"},
                                       {.name = "bash",
                                        .epoch = "0",
                                        .version = "5.2",
                                        .release = "3",
                                        .architecture = "noarch"}});
    REQUIRE(packages.size() == 2);
    CHECK(packages[0].version == "5.2-3");
    CHECK(packages[1].version == "2:9.0-1.fc39");
    CHECK(packages[1].architecture == "amd64");
    CHECK(introspect::is_rpm_base("systemd-udev"));
    CHECK(introspect::is_rpm_base("libselinux"));
    CHECK_FALSE(introspect::is_rpm_base("nginx"));
    CHECK_FALSE(introspect::is_rpm_base("kernelshark"));
}

TEST_CASE("an RPM machine has the packages that somebody listed", "[assembler][introspect]") {
    const base::TempDir dir;
    base::make_dirs(dir.path() / "var/lib/rpm");
    base::make_dirs(dir.path() / "etc");
    base::write_file(dir.path() / "etc/os-release", "ID=fedora\nVERSION_ID=39\n");
    base::write_file(dir.path() / "var/lib/rpm/rpmdb.sqlite", "x");
    const auto tree = imagebuilder::open_directory_tree(dir.path().string());
    const auto has_remark = [](const MachineFacts& facts) {
        for (const Remark& remark : facts.remarks) {
            if (remark.text == introspect::kRpmRemark) {
                return true;
            }
        }
        return false;
    };
    CHECK(has_remark(introspect_tree(*tree)));
    IntrospectOptions options;
    options.listed_packages = {{.name = "nginx", .version = "1.2-3", .architecture = "amd64"},
                               {.name = "bash", .version = "5.2-3", .architecture = "amd64"}};
    const MachineFacts facts = introspect_tree(*tree, options);
    CHECK_FALSE(has_remark(facts));
    REQUIRE(facts.packages.size() == 2);
    CHECK(facts.packages[0].base);
    CHECK(facts.packages[1].name == "nginx");
    CHECK_FALSE(facts.packages[1].base);
}

TEST_CASE("a disk that nobody here reads says what would", "[assembler][introspect]") {
    const base::TempDir dir;
    const std::string disk = (dir.path() / "xfs.raw").string();
    std::string bytes(1U << 20U, '\0');
    bytes.replace(0, 4, "XFSB");
    base::write_file(disk, bytes);
    try {
        introspect_disks({{disk, ovfkit::DiskFormat::raw, ""}}, {}, {});
        FAIL("it was read");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::unsupported);
        CHECK(error.hint().find("guestfish") != std::string::npos);
    }
}
