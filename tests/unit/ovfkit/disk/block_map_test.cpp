// SPDX-License-Identifier: Apache-2.0
// VDI, VHD and VHDX as qemu-img writes them, and what is wrong with some.
#include "ovfkit/disk/blockmap/block_map.h"

#include <functional>

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"

using base::ErrorKind;
using ovfkit::DiskFormat;

namespace {

struct Written {
    std::string format;  // as qemu-img calls it
    std::string options;
    DiskFormat expected;
};

const std::vector<Written> kWritten{
    {"vdi", "static=off", DiskFormat::vdi},          {"vdi", "static=on", DiskFormat::vdi},
    {"vpc", "subformat=dynamic", DiskFormat::vpc},   {"vpc", "subformat=fixed", DiskFormat::vpc},
    {"vhdx", "subformat=dynamic", DiskFormat::vhdx}, {"vhdx", "subformat=fixed", DiskFormat::vhdx},
    {"vhdx", "block_size=1M", DiskFormat::vhdx}};

std::filesystem::path write_disk(const base::TempDir& dir, const Written& written,
                                 std::uint64_t bytes) {
    const auto raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, bytes);
    const auto path = dir.path() / "disk";
    tests::run_qemu_img({"convert", "-f", "raw", "-O", written.format, "-o", written.options,
                         raw.string(), path.string()});
    return path;
}

// What opening says after the bytes were changed.
ErrorKind kind_after(const std::filesystem::path& path,
                     const std::function<void(std::string&)>& change) {
    std::string bytes = base::read_file(path);
    change(bytes);
    const auto changed = path.string() + ".changed";
    base::write_file(changed, bytes);
    return tests::error_of([&] { tests::read_whole(*ovfkit::open_disk(changed)); }).kind();
}

void put(std::string& bytes, std::size_t at, const std::string& value) {
    bytes.replace(at, value.size(), value);
}

}  // namespace

TEST_CASE("VDI, VHD and VHDX read as qemu-img reads them", "[ovfkit][disk]") {
    for (const Written& written : kWritten) {
        for (const std::uint64_t size : {std::uint64_t{1U << 20U}, std::uint64_t{36U << 20U}}) {
            INFO(written.format << " " << written.options << " of " << size);
            const base::TempDir dir;
            const auto path = write_disk(dir, written, size);
            const auto raw = dir.path() / "out.raw";
            tests::run_qemu_img(
                {"convert", "-f", written.format, "-O", "raw", path.string(), raw.string()});
            const auto disk = ovfkit::open_disk(path.string());
            CHECK(disk->format() == written.expected);
            const std::string expected = base::read_file(raw, 1U << 30U);
            CHECK((tests::read_whole(*disk) == expected));
            // What is not data is zeros.
            std::uint64_t at = 0;
            while (const auto range = disk->next_data(at)) {
                REQUIRE(range->offset >= at);
                CHECK(expected.find_first_not_of('\0', at) >= range->offset);
                at = range->offset + range->length;
            }
            CHECK(expected.find_first_not_of('\0', at) == std::string::npos);
        }
    }
}

TEST_CASE("a damaged VDI is an error", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto path = write_disk(dir, kWritten[0], 4U << 20U);
    const std::string high("\xff\xff\xff\x7f", 4);
    CHECK(kind_after(path, [&](std::string& b) { put(b, 0x44, high); }) == ErrorKind::unsupported);
    CHECK(kind_after(path, [&](std::string& b) { b[0x4c] = 4; }) == ErrorKind::unsupported);
    CHECK(kind_after(path, [&](std::string& b) { b[0x1a8] = 4; }) == ErrorKind::unsupported);
    CHECK(kind_after(path, [&](std::string& b) { put(b, 0x154, high); }) ==
          ErrorKind::invalid_input);
    CHECK(kind_after(path, [&](std::string& b) { put(b, 0x158, high); }) ==
          ErrorKind::invalid_input);
    CHECK(kind_after(path, [&](std::string& b) { put(b, 0x170, high + high); }) ==
          ErrorKind::invalid_input);
    CHECK(kind_after(path, [&](std::string& b) { put(b, 0x178, high); }) ==
          ErrorKind::invalid_input);
    CHECK(kind_after(path, [&](std::string& b) { put(b, 0x180, std::string(4, '\0')); }) ==
          ErrorKind::invalid_input);
    CHECK(kind_after(path, [&](std::string& b) { b.resize(b.size() / 2); }) ==
          ErrorKind::invalid_input);
}

TEST_CASE("a damaged VHD is an error", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto path = write_disk(dir, kWritten[2], 4U << 20U);
    const auto at_end = [](std::size_t at, char value) {
        return [=](std::string& bytes) { bytes[bytes.size() - 512 + at] = value; };
    };
    CHECK(kind_after(path, at_end(60, 7)) == ErrorKind::invalid_input);  // the checksum
    CHECK(kind_after(path, at_end(0, 'x')) == ErrorKind::invalid_input);
    CHECK(kind_after(path, [](std::string& b) { b.resize(b.size() - 512); }) ==
          ErrorKind::invalid_input);
    CHECK(kind_after(path, [](std::string& b) { b[512 + 32] = 1; }) == ErrorKind::invalid_input);
    // A block behind the end of the file.
    CHECK(kind_after(path, [](std::string& b) { put(b, 1536, std::string("\x7f\0\0\0", 4)); }) ==
          ErrorKind::invalid_input);
    // A difference to another disk, with its checksum right.
    CHECK(kind_after(path, [](std::string& b) {
              const std::size_t footer = b.size() - 512;
              b[footer + 63] = 4;  // from 3
              b[footer + 67] = static_cast<char>(b[footer + 67] - 1);
          }) == ErrorKind::unsupported);
}

TEST_CASE("a damaged VHDX is an error", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto path = write_disk(dir, kWritten[4], 4U << 20U);
    constexpr std::size_t kKiB = 1024;
    CHECK(kind_after(path, [](std::string& b) {
              b[64 * kKiB + 100] = 1;
              b[128 * kKiB + 100] = 1;
          }) == ErrorKind::invalid_input);
    CHECK(kind_after(path, [](std::string& b) {
              b[192 * kKiB + 100] = 1;
              b[256 * kKiB + 100] = 1;
          }) == ErrorKind::invalid_input);
    CHECK(kind_after(path, [](std::string& b) { b.resize(300 * kKiB); }) ==
          ErrorKind::invalid_input);
    // One of the two is enough.
    std::string bytes = base::read_file(path);
    bytes[192 * kKiB + 100] = 1;
    base::write_file(path.string() + ".one", bytes);
    CHECK((tests::read_whole(*ovfkit::open_disk(path.string() + ".one")) ==
           base::read_file(dir.path() / "in.raw")));
}
