// SPDX-License-Identifier: Apache-2.0
// The variants of streamOptimized that the field writes.
#include "ovfkit/disk/stream_vmdk_decoder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"
#include "tests/unit/ovfkit/disk/vmdk_samples.h"

using tests::VmdkBuilder;

namespace {

const std::string kGrainA(65536, 'a');
const std::string kGrainB(65536, 'b');

}  // namespace

TEST_CASE("qemu-img's streamOptimized VMDK decodes to the same disk", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    for (const std::uint64_t bytes :
         {std::uint64_t{65536}, std::uint64_t{512}, std::uint64_t{(100U << 20U) + 512}}) {
        INFO("disk of " << bytes);
        tests::make_sample_disk(raw, bytes);
        const auto vmdk = dir.path() / "out.vmdk";
        tests::run_qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o",
                             "subformat=streamOptimized", raw.string(), vmdk.string()});
        const auto decoded = tests::decode(base::read_file(vmdk), 100000);
        CHECK(decoded.disk.capacity_bytes == bytes);
        CHECK(decoded.disk.encoding == "streamOptimized");
        CHECK((decoded.raw == base::read_file(raw, 1U << 30U)));
    }
}

TEST_CASE("our own VMDK decodes to the same disk in any chunking", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, (34U << 20U) + 512);
    const std::string content = base::read_file(raw);
    const std::string vmdk = tests::encode(raw);
    for (const std::size_t chunk : {1U, 11U, 512U, 513U, 65536U, 100000000U}) {
        INFO("chunks of " << chunk);
        const auto decoded = tests::decode(vmdk, chunk);
        CHECK(decoded.disk.capacity_bytes == content.size());
        CHECK((decoded.raw == content));
    }
}

TEST_CASE("holes and zero grains stay holes in the decoded file", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, 128U << 20U);
    const std::string vmdk = tests::encode(raw);
    const base::UniqueFd fd =
        base::open_file((dir.path() / "out.raw").string(), O_RDWR | O_CREAT | O_EXCL);
    const auto sink = ovfkit::make_stream_vmdk_decoder({.name = "disk", .fd = fd.get()});
    sink->write(base::as_bytes(vmdk));
    const auto decoded = sink->finish();
    struct stat info {};
    REQUIRE(::fstat(fd.get(), &info) == 0);
    CHECK(info.st_size == 128 << 20);
    CHECK(info.st_blocks * 512 < 4 << 20);
    CHECK(decoded.populated_bytes < 4U << 20U);
    tests::require_same_file(raw, dir.path() / "out.raw");
}

TEST_CASE("directory in the footer, in the header or in both is understood", "[ovfkit][disk]") {
    const bool in_header = GENERATE(false, true);
    const bool with_footer = GENERATE(true, false);
    if (!in_header && !with_footer) {
        return;
    }
    VmdkBuilder::Header fields;
    for (int pass = 0; pass < 2; ++pass) {  // the second time the header knows the directory
        VmdkBuilder vmdk;
        vmdk.add(VmdkBuilder::header(fields)).grain(128, kGrainB).grain(0, kGrainA);
        VmdkBuilder::Header end = fields;
        end.directory = vmdk.tables();
        if (with_footer) {
            vmdk.footer(end);
        }
        vmdk.end();
        if (in_header && pass == 0) {
            fields.directory = end.directory;
            continue;
        }
        CHECK((tests::decode(vmdk.bytes()).raw == kGrainA + kGrainB));
    }
}

TEST_CASE("versions 1 to 3, padding and other grain sizes are accepted", "[ovfkit][disk]") {
    const auto version = GENERATE(1U, 2U, 3U);
    const auto grain_sectors = GENERATE(8U, 128U, 256U);
    const std::string data(grain_sectors * 512, 'x');
    VmdkBuilder::Header fields{.version = version,
                               .capacity = grain_sectors * 600,
                               .grain = grain_sectors,
                               .entries = 256,
                               .overhead = 20};
    VmdkBuilder vmdk;
    vmdk.add(VmdkBuilder::header(fields)).add(std::string(19 * 512, '\0'));
    vmdk.grain(0, data).add(std::string(10 * 512, '\0')).grain(grain_sectors * 599, data);
    vmdk.add(std::string(3 * 512, '\0'));
    fields.directory = vmdk.tables(grain_sectors, 256, 3);
    vmdk.footer(fields).end().end();
    const auto decoded = tests::decode(vmdk.bytes());
    CHECK(decoded.disk.populated_bytes == 2 * data.size());
    CHECK((decoded.raw == data + std::string(data.size() * 598, '\0') + data));
}

TEST_CASE("a last grain that is cut at the capacity or padded beyond it is accepted",
          "[ovfkit][disk]") {
    const std::size_t last_bytes = GENERATE(2560U, 65536U);
    VmdkBuilder::Header fields{.capacity = 133};
    VmdkBuilder vmdk;
    vmdk.add(VmdkBuilder::header(fields));
    vmdk.grain(0, kGrainA).grain(128, std::string(last_bytes, 'z'));
    fields.directory = vmdk.tables();
    vmdk.footer(fields).end();
    CHECK((tests::decode(vmdk.bytes()).raw == kGrainA + std::string(2560, 'z')));
}

TEST_CASE("grains that deflate made longer are accepted", "[ovfkit][disk]") {
    // A zlib stream of stored blocks of one byte each: far longer than the grain.
    std::string stored("\x78\x01", 2);
    std::uint32_t a = 1;
    std::uint32_t b = 0;
    const std::size_t grain_bytes = 8 * 512;
    for (std::size_t i = 0; i < grain_bytes; ++i) {
        const bool last = i + 1 == grain_bytes;
        if (i % 8 == 0) {
            stored += std::string(last || i + 8 == grain_bytes ? "\1" : "\0", 1) +
                      std::string("\x08\0\xf7\xff", 4);
        }
        stored += 'q';
        a = (a + 'q') % 65521;
        b = (b + a) % 65521;
    }
    for (const std::uint32_t part : {b, a}) {
        stored += static_cast<char>(part >> 8U);
        stored += static_cast<char>(part & 0xffU);
    }
    VmdkBuilder::Header fields{.capacity = 8, .grain = 8};
    VmdkBuilder vmdk;
    vmdk.add(VmdkBuilder::header(fields)).packed_grain(0, stored);
    REQUIRE(stored.size() > grain_bytes);
    fields.directory = vmdk.tables(8);
    vmdk.footer(fields).end();
    CHECK((tests::decode(vmdk.bytes()).raw == std::string(grain_bytes, 'q')));
}

TEST_CASE("a full file system is told with the disk's name and what is free", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 20U << 20U);
    const std::string vmdk = tests::encode(dir.path() / "in.raw");
    // Writing anything to /dev/full fails with ENOSPC; its size cannot be set, so a file with a
    // size limit stands in for the rest.
    const base::UniqueFd fd = base::open_file("/dev/full", O_RDWR);
    const auto error = tests::error_of([&] {
        const auto sink = ovfkit::make_member_sink({.name = "db-disk1.raw", .fd = fd.get()}, "raw");
        sink->write(base::as_bytes(std::string(200000, 'x')));
        sink->finish();
    });
    CHECK(error.kind() == base::ErrorKind::environment);
    CHECK(error.message() == "cannot write 'db-disk1.raw': No space left on device");
    CHECK(error.hint().find(" are free on that file system") != std::string::npos);
}
