// SPDX-License-Identifier: Apache-2.0
// VMDKs of the user's own that are no streams: sparse files, and disks in several files.
#include "ovfkit/disk/vmdk/extent_set.h"

#include <filesystem>

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"
#include "tests/unit/ovfkit/disk/vmdk_samples.h"

using base::ErrorKind;
using tests::VmdkBuilder;

namespace {

std::string descriptor_with(const std::string& extents) {
    return "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n"
           "createType=\"custom\"\n\n" +
           extents + "\nddb.adapterType = \"ide\"\n";
}

base::Error error_with(const base::TempDir& dir, const std::string& text) {
    base::write_file(dir.path() / "d.vmdk", text);
    return tests::error_of([&] { ovfkit::open_disk((dir.path() / "d.vmdk").string()); });
}

}  // namespace

TEST_CASE("every kind of VMDK that qemu-img writes is read", "[ovfkit][disk]") {
    for (const std::string kind : {"monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse",
                                   "twoGbMaxExtentFlat", "streamOptimized"}) {
        for (const std::uint64_t size : {std::uint64_t{65536}, std::uint64_t{34U << 20U} + 512}) {
            INFO(kind << " of " << size);
            const base::TempDir dir;
            const auto raw = dir.path() / "in.raw";
            tests::make_sample_disk(raw, size);
            const auto path = dir.path() / "disk.vmdk";
            tests::run_qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=" + kind,
                                 raw.string(), path.string()});
            const auto disk = ovfkit::open_disk(path.string());
            CHECK(disk->format() == ovfkit::DiskFormat::vmdk);
            const std::string expected = base::read_file(raw);
            CHECK((tests::read_whole(*disk) == expected));
            std::uint64_t at = 0;
            while (const auto range = disk->next_data(at)) {
                CHECK(expected.find_first_not_of('\0', at) >= range->offset);
                at = range->offset + range->length;
            }
            CHECK(expected.find_first_not_of('\0', at) == std::string::npos);
        }
    }
}

TEST_CASE("our own stream is a disk at random too", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, 34U << 20U);
    const std::string vmdk = tests::encode(raw);
    base::write_file(dir.path() / "a.vmdk", vmdk);
    const auto disk = ovfkit::open_disk((dir.path() / "a.vmdk").string());
    CHECK((tests::read_whole(*disk) == base::read_file(raw)));
    for (const std::size_t size : {std::size_t{600}, std::size_t{70000}, vmdk.size() - 512}) {
        base::write_file(dir.path() / "cut.vmdk", vmdk.substr(0, size));
        CHECK(tests::error_of([&] {
                  tests::read_whole(*ovfkit::open_disk((dir.path() / "cut.vmdk").string()));
              }).kind() == ErrorKind::invalid_input);
    }
}

TEST_CASE("a disk in several files may have holes, offsets and blanks", "[ovfkit][disk]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "one part.bin", std::string(512, 'x') + std::string(1024, 'a'));
    base::write_file(dir.path() / "two.bin", std::string(512, 'b'));
    base::write_file(dir.path() / "d.vmdk", descriptor_with("RW 2 FLAT \"one part.bin\" 1\r\n"
                                                            "  RW 3 ZERO\n"
                                                            "RDONLY 1 FLAT \"two.bin\"\n"));
    const auto disk = ovfkit::open_disk((dir.path() / "d.vmdk").string());
    CHECK(tests::read_whole(*disk) ==
          std::string(1024, 'a') + std::string(1536, '\0') + std::string(512, 'b'));
    CHECK(disk->next_data(1024)->offset == 2560);
}

TEST_CASE("the parts of a disk must lie beside it", "[ovfkit][disk]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "part.bin", std::string(512, 'x'));
    std::filesystem::create_symlink("/etc/passwd", dir.path() / "link.bin");
    for (const std::string name : {"/etc/passwd", "../part.bin", "sub/part.bin", "..", ".hidden"}) {
        CHECK(error_with(dir, descriptor_with("RW 1 FLAT \"" + name + "\" 0")).kind() ==
              ErrorKind::unsupported);
    }
    CHECK(error_with(dir, descriptor_with("RW 1 FLAT \"link.bin\" 0")).kind() ==
          ErrorKind::environment);
    CHECK(error_with(dir, descriptor_with("RW 1 FLAT \"none.bin\" 0")).kind() ==
          ErrorKind::not_found);
    CHECK(error_with(dir, descriptor_with("RW 1 VMFSRDM \"part.bin\"")).kind() ==
          ErrorKind::unsupported);
    for (const std::string line :
         {"", "RW x FLAT \"part.bin\" 0", "RW 0 FLAT \"part.bin\" 0", "RW 2 FLAT \"part.bin\" 0",
          "RW 1 FLAT \"part.bin\" 1", "RW 1 FLAT \"part.bin\" -1", "RW 1 FLAT part.bin",
          "RW 99999999999999999999 FLAT \"part.bin\" 0", "RW 1 SPARSE \"part.bin\""}) {
        INFO(line);
        CHECK(error_with(dir, descriptor_with(line)).kind() == ErrorKind::invalid_input);
    }
    std::string delta = descriptor_with("RW 1 FLAT \"part.bin\" 0");
    delta.replace(delta.find("ffffffff"), 8, "12345678");
    CHECK(error_with(dir, delta).kind() == ErrorKind::unsupported);
}

TEST_CASE("tables that lead out of a sparse file are errors", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto error_of = [&](VmdkBuilder& vmdk) {
        base::write_file(dir.path() / "a.vmdk", vmdk.bytes());
        return tests::error_of(
                   [&] { tests::read_whole(*ovfkit::open_disk((dir.path() / "a.vmdk").string())); })
            .kind();
    };
    VmdkBuilder::Header plain{.version = 1, .flags = 3, .directory = 1, .compression = 0};
    // A directory that names a table, a table that names a grain, both beyond the end.
    VmdkBuilder far_table;
    far_table.add(VmdkBuilder::header(plain)).add(VmdkBuilder::padded(VmdkBuilder::little(9, 4)));
    CHECK(error_of(far_table) == ErrorKind::invalid_input);
    VmdkBuilder far_grain;
    far_grain.add(VmdkBuilder::header(plain))
        .add(VmdkBuilder::padded(VmdkBuilder::little(2, 4)))
        .add(VmdkBuilder::little(77, 4) + std::string(2044, '\0'));
    CHECK(error_of(far_grain) == ErrorKind::invalid_input);
    plain.directory = 1000;
    VmdkBuilder far_directory;
    far_directory.add(VmdkBuilder::header(plain));
    CHECK(error_of(far_directory) == ErrorKind::invalid_input);
}
