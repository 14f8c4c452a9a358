// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/qcow2/qcow2_reader.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/process.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"

namespace {

struct Sample {
    base::TempDir dir;
    std::filesystem::path raw = dir.path() / "in.raw";
    std::filesystem::path qcow2 = dir.path() / "in.qcow2";

    explicit Sample(std::uint64_t bytes = (40U << 20U) + 1024) {
        tests::make_sample_disk(raw, bytes);
    }
    void convert(const std::string& options, bool compress = false) {
        std::vector<std::string> arguments{"convert", "-f", "raw", "-O", "qcow2", "-o", options};
        if (compress) {
            arguments.emplace_back("-c");
        }
        arguments.push_back(raw.string());
        arguments.push_back(qcow2.string());
        tests::run_qemu_img(arguments);
    }
    // Overwrites bytes of the image at `offset`.
    void poke(std::uint64_t offset, std::string_view bytes) {
        std::string data = base::read_file(qcow2);
        data.replace(offset, bytes.size(), bytes);
        base::write_file(qcow2, data);
    }
};

// What next_data leaves out must be zeros.
void require_holes_are_zero(const ovfkit::DiskReader& disk, const std::string& content) {
    std::uint64_t offset = 0;
    while (true) {
        const auto range = disk.next_data(offset);
        const std::uint64_t end = range ? range->offset : content.size();
        REQUIRE(end >= offset);
        REQUIRE(content.find_first_not_of('\0', offset) >= end);
        if (!range) {
            return;
        }
        REQUIRE(range->length > 0);
        offset = range->offset + range->length;
        REQUIRE(offset <= content.size());
    }
}

base::ErrorKind kind_of_opening(const std::filesystem::path& path) {
    return tests::error_of([&] { ovfkit::open_disk(path.string()); }).kind();
}

}  // namespace

TEST_CASE("a qcow2 image of qemu-img reads as its raw disk", "[ovfkit][disk][qcow2]") {
    Sample sample((9U << 20U) + 1024);
    const std::string content = base::read_file(sample.raw);
    for (const std::string cluster : {"512", "4k", "64k", "2M"}) {
        for (const std::string type : {"plain", "zlib", "zstd", "v2"}) {
            INFO(type << " with clusters of " << cluster);
            const std::string compat =
                type == "v2" ? "compat=0.10" : "compat=1.1,compression_type=" + type;
            sample.convert((type == "plain" ? "compat=1.1" : compat) + ",cluster_size=" + cluster,
                           type != "plain");
            const auto disk = ovfkit::open_disk(sample.qcow2.string());
            REQUIRE(disk->format() == ovfkit::DiskFormat::qcow2);
            REQUIRE(disk->capacity_bytes() == content.size());
            const std::string got = tests::read_whole(*disk);
            REQUIRE((got == content));
            require_holes_are_zero(*disk, content);
        }
    }
}

TEST_CASE("zero clusters and preallocated clusters read as zeros", "[ovfkit][disk][qcow2]") {
    Sample sample(8U << 20U);
    sample.convert("compat=1.1");
    const auto io = [&](const std::string& command) {
        base::run_checked(
            {.argv = {"qemu-io", "-f", "qcow2", "-c", command, sample.qcow2.string()}});
    };
    io("write -z 0 64k");
    io("write -P 0x5a 128k 64k");
    io("write -z -u 128k 64k");
    tests::run_qemu_img({"convert", "-O", "raw", sample.qcow2.string(), sample.raw.string()});
    const auto disk = ovfkit::open_disk(sample.qcow2.string());
    const std::string content = base::read_file(sample.raw);
    CHECK((tests::read_whole(*disk) == content));
    CHECK(disk->next_data(0)->offset == 65536);

    const auto made = (sample.dir.path() / "made.qcow2").string();
    tests::run_qemu_img({"create", "-f", "qcow2", "-o", "preallocation=metadata", made, "3M"});
    CHECK((tests::read_whole(*ovfkit::open_disk(made)) == std::string(3U << 20U, '\0')));
}

TEST_CASE("a clone reads through to the disk below it", "[ovfkit][disk][qcow2]") {
    Sample sample(9U << 20U);
    const auto raw = [&] {
        return ovfkit::open_disk(sample.raw.string(), ovfkit::DiskFormat::raw);
    };
    const auto io = [&](const std::string& command) {
        base::run_checked(
            {.argv = {"qemu-io", "-f", "qcow2", "-c", command, sample.qcow2.string()}});
    };
    // Larger than what is below; written, zeroed and given back in places, with and without data
    // below.
    tests::run_qemu_img({"create", "-f", "qcow2", "-F", "raw", "-b", sample.raw.string(),
                         sample.qcow2.string(), "700M"});
    io("write -P 0x5a 1M 200k");
    io("write -z 2M 128k");
    io("write -P 0x11 600M 64k");
    io("write -P 0x22 3M 64k");
    io("discard 3M 64k");
    const auto clone = ovfkit::open_clone(sample.qcow2.string(), raw());
    CHECK(clone->capacity_bytes() == 700U << 20U);
    const auto flat = sample.dir.path() / "flat.raw";
    tests::run_qemu_img({"convert", "-O", "raw", sample.qcow2.string(), flat.string()});
    const std::string content = base::read_file(flat, std::uint64_t{1} << 30U);
    CHECK((tests::read_whole(*clone) == content));
    require_holes_are_zero(*clone, content);
    std::vector<std::byte> buffer(300000);
    clone->read_at((1U << 20U) - 777, buffer);  // over a border of clusters
    CHECK((base::as_text(buffer) ==
           std::string_view(content).substr((1U << 20U) - 777, buffer.size())));
    CHECK(clone->descriptors().size() == 2);

    // What it names is not looked at.
    const auto moved = sample.dir.path() / "moved.raw";
    std::filesystem::rename(sample.raw, moved);
    const auto again = ovfkit::open_clone(
        sample.qcow2.string(), ovfkit::open_disk(moved.string(), ovfkit::DiskFormat::raw));
    CHECK((tests::read_whole(*again) == content));
    CHECK(kind_of_opening(sample.qcow2) == base::ErrorKind::unsupported);
}

TEST_CASE("reads of any alignment see the same bytes", "[ovfkit][disk][qcow2]") {
    Sample sample(3U << 20U);
    sample.convert("cluster_size=4k", true);
    const std::string content = base::read_file(sample.raw);
    const auto disk = ovfkit::open_disk(sample.qcow2.string());
    for (std::uint64_t offset = 0; offset + 10000 < content.size(); offset += 33333) {
        std::vector<std::byte> buffer(9777);
        disk->read_at(offset, buffer);
        REQUIRE((base::as_text(buffer) == std::string_view(content).substr(offset, 9777)));
    }
}

TEST_CASE("a qcow2 image packs to the same VMDK as its raw disk", "[ovfkit][disk][qcow2]") {
    Sample sample;
    sample.convert("compression_type=zstd", true);
    base::MemorySink sink;
    encode_stream_optimized(*ovfkit::open_disk(sample.qcow2.string()), sink, {.threads = 3});
    CHECK((sink.data() == tests::encode(sample.raw)));
}

TEST_CASE("qcow2 images that lean on other files or unknown features are refused",
          "[ovfkit][disk][qcow2]") {
    Sample sample(1U << 20U);
    const auto other = (sample.dir.path() / "other.qcow2").string();
    sample.convert("compat=1.1");
    tests::run_qemu_img({"create", "-f", "qcow2", "-F", "raw", "-b", sample.raw.string(), other});
    CHECK(kind_of_opening(other) == base::ErrorKind::unsupported);
    CHECK(tests::error_of([&] { ovfkit::open_disk(other); }).message() ==
          fmt::format("qcow2 disk '{}' has a backing file", other));
    tests::run_qemu_img({"create", "-f", "qcow2", "-o",
                         "data_file=" + (sample.dir.path() / "data").string(), other, "1M"});
    CHECK(kind_of_opening(other) == base::ErrorKind::unsupported);
    tests::run_qemu_img({"create", "-f", "qcow2", "-o", "extended_l2=on", other, "1M"});
    CHECK(kind_of_opening(other) == base::ErrorKind::unsupported);
    sample.poke(72, std::string("\x80\0\0\0\0\0\0\0", 8));  // an unknown incompatible feature
    CHECK(kind_of_opening(sample.qcow2) == base::ErrorKind::unsupported);
    sample.convert("compat=1.1");
    sample.poke(35, "\1");  // crypt_method
    CHECK(kind_of_opening(sample.qcow2) == base::ErrorKind::unsupported);
    sample.convert("compat=1.1");
    sample.poke(7, "\4");  // version
    CHECK(kind_of_opening(sample.qcow2) == base::ErrorKind::unsupported);
}

TEST_CASE("hostile qcow2 headers and tables are errors, not crashes", "[ovfkit][disk][qcow2]") {
    Sample sample(1U << 20U);
    const auto opening_after = [&](std::uint64_t offset, std::string_view bytes) {
        sample.convert("compat=1.1");
        sample.poke(offset, bytes);
        return kind_of_opening(sample.qcow2);
    };
    using base::ErrorKind;
    CHECK(opening_after(20, std::string_view("\0\0\0\x3f", 4)) == ErrorKind::invalid_input);
    CHECK(opening_after(20, std::string_view("\0\0\0\0", 4)) == ErrorKind::invalid_input);
    CHECK(opening_after(24, "\xff\xff\xff\xff") == ErrorKind::invalid_input);  // size
    CHECK(opening_after(24, std::string_view("\0\1\0\0", 4)) == ErrorKind::invalid_input);
    CHECK(opening_after(40, "\x7f\xff\xff\xff\xff\xff\0") == ErrorKind::invalid_input);  // L1
    CHECK(opening_after(79, "\2") == ErrorKind::invalid_input);  // marked corrupt

    sample.convert("compat=1.1");
    const std::string data = base::read_file(sample.qcow2);
    // A table entry without its flag bits.
    const auto at = [&](std::size_t place) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            value = value << 8U | static_cast<unsigned char>(data[place + i]);
        }
        return value & 0x00fffffffffffe00ULL;
    };
    const std::uint64_t l1 = at(40);
    const std::uint64_t l2 = at(l1);
    const auto reading_after = [&](std::uint64_t offset, std::string_view bytes) {
        sample.convert("compat=1.1");
        sample.poke(offset, bytes);
        const auto disk = ovfkit::open_disk(sample.qcow2.string());
        return tests::error_of([&] { tests::read_whole(*disk); }).kind();
    };
    CHECK(reading_after(l1 + 2, "\xff") == ErrorKind::invalid_input);  // L2 table outside
    CHECK(reading_after(l2 + 2, "\xff") == ErrorKind::invalid_input);  // cluster outside
    CHECK(reading_after(l2, std::string_view("\x40\0\0\0\0\1\2\3", 8)) ==
          ErrorKind::invalid_input);  // compressed rubbish
    base::write_file(sample.qcow2, data.substr(0, 60));
    CHECK(kind_of_opening(sample.qcow2) == ErrorKind::invalid_input);
}
