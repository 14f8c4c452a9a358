// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/disk_reader.h"

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"

TEST_CASE("holes of a raw file are not offered as data", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto path = (dir.path() / "in.raw").string();
    tests::make_sample_disk(path, 200U << 20U);
    const auto disk = ovfkit::open_disk(path);
    CHECK(disk->format() == ovfkit::DiskFormat::raw);
    CHECK(disk->capacity_bytes() == 200U << 20U);
    std::uint64_t data_bytes = 0;
    std::uint64_t offset = 0;
    while (const auto range = disk->next_data(offset)) {
        data_bytes += range->length;
        offset = range->offset + range->length;
    }
    CHECK(data_bytes > 2000000);
    CHECK(data_bytes < 4U << 20U);
}

TEST_CASE("a raw file of odd size is rounded up to sectors with zeros", "[ovfkit][disk]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "in.raw", std::string(700, 'x'));
    const auto disk = ovfkit::open_disk((dir.path() / "in.raw").string());
    CHECK(disk->capacity_bytes() == 1024);
    CHECK(tests::read_whole(*disk) == std::string(700, 'x') + std::string(324, '\0'));
}

TEST_CASE("a disk that is encrypted or of ESX is refused, unless declared raw", "[ovfkit][disk]") {
    const base::TempDir dir;
    for (const std::string magic : {"LUKS\xba\xbe", "COWD"}) {
        const auto path = (dir.path() / "disk").string();
        base::write_file(path, magic + std::string(2000, 'x'));
        CHECK(tests::error_of([&] { ovfkit::open_disk(path); }).kind() ==
              base::ErrorKind::unsupported);
        CHECK(ovfkit::open_disk(path, ovfkit::DiskFormat::raw)->capacity_bytes() == 2048);
    }
}

TEST_CASE("what is no disk at all is refused by name", "[ovfkit][disk]") {
    const base::TempDir dir;
    CHECK(tests::error_of([&] { ovfkit::open_disk(dir.path().string()); }).kind() ==
          base::ErrorKind::invalid_input);
    CHECK(tests::error_of([&] { ovfkit::open_disk((dir.path() / "none").string()); }).kind() ==
          base::ErrorKind::not_found);
    tests::make_sample_disk(dir.path() / "in.raw", 4096);
    CHECK(tests::error_of([&] {
              ovfkit::open_disk((dir.path() / "in.raw").string(), ovfkit::DiskFormat::qcow2);
          }).kind() == base::ErrorKind::invalid_input);
    CHECK(ovfkit::find_disk_format("qcow2") == ovfkit::DiskFormat::qcow2);
    CHECK(ovfkit::find_disk_format("vhd") == ovfkit::DiskFormat::vpc);
    CHECK(ovfkit::find_disk_format("iso") == std::nullopt);
}
