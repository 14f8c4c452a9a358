// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/gpt.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

constexpr std::uint64_t kDisk = 64U << 20U;
constexpr const char* kDiskUuid = "01234567-89ab-8def-8123-456789abcdef";
constexpr const char* kRootUuid = "fedcba98-7654-8210-8fed-cba987654321";

const std::vector<GptPartition> kPartitions{
    {kBiosBootType, "11111111-2222-8333-8444-555555555555", "bios-boot", 2048, 4095},
    {kLinuxFilesystemType, kRootUuid, "root", 4096, 126975}};

base::UniqueFd make_disk(const std::filesystem::path& path) {
    base::UniqueFd fd = base::open_file(path.string(), O_RDWR | O_CREAT);
    REQUIRE(::ftruncate(fd.get(), kDisk) == 0);
    return fd;
}

}  // namespace

TEST_CASE("sfdisk reads the table as it was meant and finds no error", "[imagebuilder][gpt]") {
    const base::TempDir dir;
    const auto path = dir.path() / "disk";
    const base::UniqueFd fd = make_disk(path);
    write_gpt(fd.get(), kDisk, kDiskUuid, kPartitions, "disk");

    base::Command verify;
    verify.argv = {"/usr/sbin/sfdisk", "--verify", path.string()};
    const base::RunResult verified = base::run_checked(verify);
    CHECK((verified.out + verified.err).find("No errors detected") != std::string::npos);

    base::Command dump;
    dump.argv = {"/usr/sbin/sfdisk", "--json", path.string()};
    const base::Json table =
        base::parse_json(base::run_checked(dump).out, "sfdisk").at("partitiontable");
    CHECK(table.at("label") == "gpt");
    CHECK(table.at("id") == "01234567-89AB-8DEF-8123-456789ABCDEF");
    const base::Json root = table.at("partitions").at(1);
    CHECK(root.at("uuid") == "FEDCBA98-7654-8210-8FED-CBA987654321");
    CHECK(root.at("type") == "0FC63DAF-8483-4772-8E79-3D69D8477DE4");
    CHECK(root.at("name") == "root");
    CHECK(root.at("start") == 4096);
    CHECK(root.at("size") == 122880);
    CHECK(table.at("partitions").at(0).at("type") == "21686148-6449-6E6F-744E-656564454649");
}

TEST_CASE("the backup alone is enough to read the table", "[imagebuilder][gpt]") {
    const base::TempDir dir;
    const auto path = dir.path() / "disk";
    const base::UniqueFd fd = make_disk(path);
    write_gpt(fd.get(), kDisk, kDiskUuid, kPartitions, "disk");
    base::pwrite_all(fd.get(), base::as_bytes(std::string(512, '\0')), 512, "disk");
    base::Command dump;
    dump.argv = {"/usr/sbin/sfdisk", "--json", path.string()};
    const base::Json table = base::parse_json(base::run_checked(dump).out, "sfdisk");
    CHECK(table.at("partitiontable").at("partitions").size() == 2);
}

TEST_CASE("the boot code in front of the table is left alone", "[imagebuilder][gpt]") {
    const base::TempDir dir;
    const base::UniqueFd fd = make_disk(dir.path() / "disk");
    const std::string code(440, 'B');
    base::pwrite_all(fd.get(), base::as_bytes(code), 0, "disk");
    write_gpt(fd.get(), kDisk, kDiskUuid, kPartitions, "disk");
    std::string read(512, '\0');
    base::pread_exactly(fd.get(), std::as_writable_bytes(std::span(read)), 0, "disk");
    CHECK(read.substr(0, 440) == code);
    CHECK(read.substr(510) == "\x55\xaa");
}

TEST_CASE("partitions that overlap or leave the disk are a bug", "[imagebuilder][gpt]") {
    const base::TempDir dir;
    const base::UniqueFd fd = make_disk(dir.path() / "disk");
    auto overlapping = kPartitions;
    overlapping[1].first_sector = 4095;
    CHECK_THROWS_AS(write_gpt(fd.get(), kDisk, kDiskUuid, overlapping, "disk"), base::Error);
    auto outside = kPartitions;
    outside[1].last_sector = kDisk / 512 - 1;
    CHECK_THROWS_AS(write_gpt(fd.get(), kDisk, kDiskUuid, outside, "disk"), base::Error);
}
