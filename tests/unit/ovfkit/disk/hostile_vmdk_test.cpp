// SPDX-License-Identifier: Apache-2.0
// VMDK streams that are cut, damaged or meant to harm.
#include <fcntl.h>
#include <sys/resource.h>
#include <csignal>

#include "base/byte_size.h"
#include "base/file.h"
#include "ovfkit/disk/stream_vmdk_decoder.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"
#include "tests/unit/ovfkit/disk/vmdk_samples.h"

using base::ErrorKind;
using tests::VmdkBuilder;

namespace {

const std::string kGrainA(65536, 'a');

base::Error decoding_error(const std::string& bytes) {
    return tests::error_of([&] { tests::decode(bytes); });
}

// A whole stream around the grains that `fill` adds.
template <typename Fill>
std::string stream_with(Fill&& fill, VmdkBuilder::Header fields = {}) {
    VmdkBuilder vmdk;
    vmdk.add(VmdkBuilder::header(fields));
    fill(vmdk);
    fields.directory = vmdk.tables();
    vmdk.footer(fields).end();
    return vmdk.bytes();
}

ErrorKind kind_with_header(const VmdkBuilder::Header& fields) {
    return decoding_error(stream_with([](VmdkBuilder& vmdk) { vmdk.grain(0, kGrainA); }, fields))
        .kind();
}

}  // namespace

TEST_CASE("a VMDK cut at any sector is an error that names it", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 300000);
    const auto cut_everywhere = [](const std::string& whole) {
        CHECK(tests::decode(whole).disk.capacity_bytes == 300032);
        for (std::size_t size = 0; size + 512 <= whole.size(); size += 512) {
            const auto error = decoding_error(whole.substr(0, size));
            REQUIRE(error.kind() == ErrorKind::invalid_input);
            REQUIRE(error.message().find("'disk1.vmdk'") != std::string::npos);
        }
    };
    cut_everywhere(tests::encode(dir.path() / "in.raw"));
}

TEST_CASE("a qemu-img VMDK that lost its last grain is an error", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 40U << 20U);
    const auto vmdk = dir.path() / "out.vmdk";
    tests::run_qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized",
                         (dir.path() / "in.raw").string(), vmdk.string()});
    const std::string whole = base::read_file(vmdk);
    const std::size_t last = whole.find_last_not_of('\0');
    for (std::size_t size = last; size > last - 100000; size -= 1000) {
        REQUIRE(decoding_error(whole.substr(0, size)).kind() == ErrorKind::invalid_input);
    }
}

TEST_CASE("other kinds of VMDK are unsupported with the command that converts", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 1U << 20U);
    for (const std::string kind :
         {"monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"}) {
        const auto path = dir.path() / (kind + ".vmdk");
        tests::run_qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=" + kind,
                             (dir.path() / "in.raw").string(), path.string()});
        const auto error = decoding_error(base::read_file(path));
        CHECK(error.kind() == ErrorKind::unsupported);
        CHECK(error.hint().find("qemu-img convert") != std::string::npos);
    }
    CHECK(decoding_error("COWD" + std::string(600, '\0')).kind() == ErrorKind::unsupported);
}

TEST_CASE("hostile header fields are refused", "[ovfkit][disk]") {
    CHECK(kind_with_header({.version = 4}) == ErrorKind::unsupported);
    CHECK(kind_with_header({.flags = 3}) == ErrorKind::unsupported);
    CHECK(kind_with_header({.compression = 2}) == ErrorKind::unsupported);
    CHECK(kind_with_header({.capacity = ~std::uint64_t{0}}) == ErrorKind::unsupported);
    CHECK(kind_with_header({.grain = 0}) == ErrorKind::invalid_input);
    CHECK(kind_with_header({.grain = 100}) == ErrorKind::invalid_input);
    CHECK(kind_with_header({.grain = std::uint64_t{1} << 40U}) == ErrorKind::invalid_input);
    CHECK(kind_with_header({.entries = 0}) == ErrorKind::invalid_input);
    CHECK(kind_with_header({.entries = 0xffffffff}) == ErrorKind::invalid_input);
    CHECK(kind_with_header({.directory = 0}) == ErrorKind::invalid_input);
    CHECK(kind_with_header({.overhead = 0}) == ErrorKind::invalid_input);
    CHECK(kind_with_header({.overhead = std::uint64_t{1} << 50U}) == ErrorKind::invalid_input);
    CHECK(kind_with_header({.directory = 77777}) == ErrorKind::invalid_input);
    std::string text_mode = VmdkBuilder::header({});
    text_mode[75] = '\n';
    CHECK(decoding_error(text_mode).message().find("line ends") != std::string::npos);
    ovfkit::DiskSinkOptions small{.max_capacity_bytes = 65536};
    CHECK(tests::error_of([&] {
              tests::decode(stream_with([](VmdkBuilder&) {}), 1000, "vmdk", "", small);
          }).kind() == ErrorKind::unsupported);
}

TEST_CASE("delta disks and disks of several files are unsupported", "[ovfkit][disk]") {
    const auto decode_with = [](const std::string& descriptor) {
        VmdkBuilder::Header fields{.descriptor = 1, .descriptor_size = 2, .overhead = 3};
        VmdkBuilder vmdk;
        vmdk.add(VmdkBuilder::header(fields)).add(VmdkBuilder::padded(descriptor));
        vmdk.add(std::string(1024 - VmdkBuilder::padded(descriptor).size(), '\0'));
        vmdk.grain(0, kGrainA);
        fields.directory = vmdk.tables();
        vmdk.footer(fields).end();
        return tests::decode(vmdk.bytes());
    };
    // Blanks around, upper case, carriage returns and another file's name are harmless.
    CHECK(decode_with("  version = 1 \r\n\tparentCID=FFFFFFFF\r\n"
                      "createType=\"streamOptimized\" \r\n RDONLY 256 SPARSE \"other.vmdk\"\r\n")
              .disk.capacity_bytes == 131072);
    for (const std::string bad : {"parentCID=12345678\n", "parentFileNameHint=\"/etc/shadow\"\n",
                                  " RW 1 FLAT \"/etc/shadow\" 0\nRW 1 FLAT \"/etc/passwd\" 0\n"}) {
        CHECK(tests::error_of([&] { decode_with(bad); }).kind() == ErrorKind::unsupported);
    }
}

TEST_CASE("grains outside the disk, misaligned, twice or too long are refused", "[ovfkit][disk]") {
    const auto error_with = [](auto&& fill) { return decoding_error(stream_with(fill)); };
    CHECK(error_with([&](VmdkBuilder& v) { v.grain(256, kGrainA); })
              .message()
              .find("sector 256 of the disk") != std::string::npos);
    CHECK(error_with([&](VmdkBuilder& v) { v.grain(~std::uint64_t{127}, kGrainA); }).kind() ==
          ErrorKind::invalid_input);
    CHECK(error_with([&](VmdkBuilder& v) { v.grain(64, kGrainA); }).kind() ==
          ErrorKind::invalid_input);
    CHECK(error_with([&](VmdkBuilder& v) { v.grain(0, kGrainA).grain(0, kGrainA); })
              .message()
              .find("twice") != std::string::npos);
    // Inflates to more than a grain.
    CHECK(error_with([&](VmdkBuilder& v) { v.grain(0, std::string(70000, 'x')); })
              .message()
              .find("cannot be inflated") != std::string::npos);
    // Inflates to less than a grain.
    CHECK(error_with([&](VmdkBuilder& v) { v.grain(0, std::string(60000, 'x')); })
              .message()
              .find("has 60000 bytes") != std::string::npos);
    CHECK(error_with([&](VmdkBuilder& v) {
              v.add(VmdkBuilder::padded(VmdkBuilder::little(0, 8) +
                                        VmdkBuilder::little(0x7fffffff, 4)));
          }).kind() == ErrorKind::invalid_input);
    std::string counting;
    for (int i = 0; counting.size() < 65536; ++i) {
        counting += std::to_string(i);
    }
    std::string damaged = VmdkBuilder::deflated(counting.substr(0, 65536));
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
    CHECK(error_with([&](VmdkBuilder& v) { v.packed_grain(0, damaged); }).kind() ==
          ErrorKind::invalid_input);
}

TEST_CASE("tables that contradict the grains are refused", "[ovfkit][disk]") {
    // A grain after the tables, which they do not list.
    VmdkBuilder::Header fields;
    VmdkBuilder hidden;
    hidden.add(VmdkBuilder::header(fields)).grain(0, kGrainA);
    fields.directory = hidden.tables();
    hidden.grain(128, kGrainA).footer(fields).end();
    CHECK(decoding_error(hidden.bytes()).message().find("does not list") != std::string::npos);
    // A table entry that points elsewhere.
    std::string moved = stream_with([](VmdkBuilder& v) { v.grain(0, kGrainA); });
    moved[(1 + 1 + 1) * 512] = 9;
    CHECK(decoding_error(moved).kind() == ErrorKind::invalid_input);
    // Data after the end, unknown markers, two footers, a flood of padding.
    CHECK(decoding_error(stream_with([](VmdkBuilder&) {}) + std::string(512, 'x')).kind() ==
          ErrorKind::invalid_input);
    CHECK(decoding_error(stream_with([](VmdkBuilder& v) { v.marker(9, 0); })).kind() ==
          ErrorKind::invalid_input);
    CHECK(decoding_error(stream_with([](VmdkBuilder& v) { v.marker(1, 1000000); })).kind() ==
          ErrorKind::invalid_input);
    CHECK(decoding_error(stream_with([](VmdkBuilder& v) { v.footer({}); })).kind() ==
          ErrorKind::invalid_input);
    CHECK(decoding_error(stream_with([](VmdkBuilder& v) { v.footer({.capacity = 128}); })).kind() ==
          ErrorKind::invalid_input);
    CHECK(decoding_error(stream_with([](VmdkBuilder& v) {
              v.add(std::string(17 * base::kMiB, '\0'));
          })).kind() == ErrorKind::invalid_input);
}

TEST_CASE("a write that fails at any grain ends the decoder with that error", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 8U << 20U);
    const std::string vmdk = tests::encode(dir.path() / "in.raw");
    // A limit on the file's size makes the kernel refuse what lies above it.
    std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    for (rlim_t limit = 0; limit < 8U << 20U; limit += 1U << 20U) {
        const auto path = (dir.path() / "out.raw").string();
        const base::UniqueFd fd = base::open_file(path, O_RDWR | O_CREAT | O_TRUNC);
        const struct rlimit low { limit, before.rlim_max };
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &low) == 0);
        const auto error = tests::error_of([&] {
            const auto sink = ovfkit::make_stream_vmdk_decoder({.name = "d.vmdk", .fd = fd.get()});
            sink->write(base::as_bytes(vmdk));
            sink->finish();
        });
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
        CHECK(error.kind() == ErrorKind::environment);
        CHECK(error.message().find("'d.vmdk'") != std::string::npos);
    }
}
