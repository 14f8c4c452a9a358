// SPDX-License-Identifier: Apache-2.0
// Disks stored as what differs from another one (ovf:parentRef).
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/byte_size.h"
#include "base/file.h"
#include "ovfkit/disk/qcow2/qcow2_reader.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"
#include "tests/unit/ovfkit/disk/vmdk_samples.h"

using base::ErrorKind;
using ovfkit::DiskFormat;
using tests::VmdkBuilder;

namespace {

constexpr std::size_t kGrain = 65536;

class Pair {
  public:
    std::string path(const std::string& name) const { return (dir_.path() / name).string(); }
    std::unique_ptr<ovfkit::DiskReader> open(const std::string& name) const {
        return ovfkit::open_disk(path(name), DiskFormat::raw);
    }
    void write(const std::string& name, const std::string& bytes) const {
        base::write_file(path(name), bytes);
    }

    std::string delta(unsigned threads = 2) const {
        const auto parent = open("parent");
        base::MemorySink sink;
        result = ovfkit::encode_stream_optimized(*open("child"), sink,
                                                 {.threads = threads, .parent = parent.get()});
        return sink.data();
    }

    std::string decode(const std::string& vmdk, DiskFormat target = DiskFormat::raw,
                       bool covered = false) const {
        const base::UniqueFd fd(::memfd_create("decoded", MFD_CLOEXEC));
        const auto sink = ovfkit::make_member_sink({.name = "child.vmdk",
                                                    .fd = fd.get(),
                                                    .target = target,
                                                    .covered_by_digest = covered,
                                                    .is_delta = true},
                                                   ovfkit::kStreamOptimizedFormatUri);
        sink->write(base::as_bytes(vmdk));
        const auto decoded = sink->finish_over(open("parent").get());
        const auto disk =
            ovfkit::open_foreign_disk(base::UniqueFd(::dup(fd.get())), "decoded", target);
        CHECK(disk->capacity_bytes() == decoded.capacity_bytes);
        return tests::read_whole(*disk);
    }

    mutable ovfkit::StreamVmdkResult result;

  private:
    base::TempDir dir_;
};

std::string grains(const std::string& letters) {
    std::string bytes;
    for (const char letter : letters) {
        bytes += std::string(kGrain, letter == '0' ? '\0' : letter);
    }
    return bytes;
}

VmdkBuilder delta_of(std::uint64_t sectors, const std::string& descriptor = "parentCID=1\n") {
    VmdkBuilder vmdk;
    vmdk.add(VmdkBuilder::header(
        {.capacity = sectors, .descriptor = 1, .descriptor_size = 1, .overhead = 2}));
    vmdk.add(VmdkBuilder::padded(descriptor));
    return vmdk;
}

std::string finished(VmdkBuilder& vmdk, std::uint64_t sectors, std::uint32_t flags = 0x30001) {
    VmdkBuilder::Header footer{
        .flags = flags, .capacity = sectors, .descriptor = 1, .descriptor_size = 1, .overhead = 2};
    footer.directory = vmdk.tables();
    vmdk.footer(footer).end();
    return vmdk.bytes();
}

}  // namespace

TEST_CASE("a delta holds the grains that differ, zeros over data among them", "[ovfkit][disk]") {
    const Pair pair;
    pair.write("parent", grains("abc0d"));
    pair.write("child", grains("aB00d"));
    const std::string vmdk = pair.delta();
    CHECK(pair.result.populated_bytes == 2 * kGrain);
    CHECK(vmdk.find("parentCID=ffffffff") == std::string::npos);
    CHECK(pair.decode(vmdk) == grains("aB00d"));
    CHECK(pair.decode(vmdk, DiskFormat::qcow2) == grains("aB00d"));
    CHECK(pair.decode(vmdk, DiskFormat::qcow2, true) == grains("aB00d"));
}

TEST_CASE("a delta may be larger than its parent, whose end is in the middle of a grain",
          "[ovfkit][disk]") {
    const Pair pair;
    const std::string parent = grains("ab") + std::string(1536, 'c');
    pair.write("parent", parent);
    for (const std::string& child : {parent + std::string(kGrain, '\0'), parent + grains("0x"),
                                     grains("a0") + std::string(kGrain, 'c')}) {
        pair.write("child", child);
        const std::string vmdk = pair.delta();
        CHECK(pair.decode(vmdk) == child);
        CHECK(pair.decode(vmdk, DiskFormat::qcow2) == child);
    }
}

TEST_CASE("a delta of the same disk has no grains", "[ovfkit][disk]") {
    const Pair pair;
    tests::make_sample_disk(pair.path("parent"), (70U << 20U) + 40960);
    std::filesystem::copy_file(pair.path("parent"), pair.path("child"));
    const std::string vmdk = pair.delta();
    CHECK(vmdk.size() < 70000);
    REQUIRE((pair.decode(vmdk) == tests::read_whole(*pair.open("parent"))));
}

TEST_CASE("deltas of sample disks come back as the same bytes, whatever the threads",
          "[ovfkit][disk]") {
    const Pair pair;
    tests::make_sample_disk(pair.path("parent"), 40U << 20U, 1);
    for (const std::uint64_t bytes :
         {std::uint64_t{40U << 20U}, std::uint64_t{(200U << 20U) + 512}}) {
        tests::make_sample_disk(pair.path("child"), bytes, 2);
        const std::string vmdk = pair.delta(1);
        CHECK(pair.delta(4) == vmdk);
        const std::string child = tests::read_whole(*pair.open("child"));
        REQUIRE((pair.decode(vmdk) == child));
        REQUIRE((pair.decode(vmdk, DiskFormat::qcow2) == child));
    }
}

TEST_CASE("what another writer left out of a delta is the parent's", "[ovfkit][disk]") {
    const Pair pair;
    pair.write("parent", grains("abc"));
    VmdkBuilder vmdk = delta_of(384, "parentCID=12345678\nparentFileNameHint=\"base.vmdk\"\n");
    vmdk.grain(128, grains("X"));
    CHECK(pair.decode(finished(vmdk, 384)) == grains("aXc"));
    // Other sizes of grains.
    VmdkBuilder small;
    VmdkBuilder::Header fields{.capacity = 384, .grain = 8};
    small.add(VmdkBuilder::header(fields)).grain(8, std::string(4096, 'X'));
    fields.directory = small.tables(8);
    small.footer(fields).end();
    std::string expected = grains("abc");
    expected.replace(4096, 4096, std::string(4096, 'X'));
    CHECK(pair.decode(small.bytes()) == expected);
    CHECK(pair.decode(small.bytes(), DiskFormat::qcow2) == expected);
}

TEST_CASE("grains that a table of a delta calls zeros are not the parent's", "[ovfkit][disk]") {
    const Pair pair;
    pair.write("parent", grains("abc"));
    VmdkBuilder::Header fields{.flags = 0x30005, .capacity = 384};
    VmdkBuilder vmdk;
    vmdk.add(VmdkBuilder::header(fields));
    vmdk.marker(1, 4);
    const std::uint64_t table = vmdk.sector();
    vmdk.add(VmdkBuilder::little(0, 4) + VmdkBuilder::little(1, 4) + std::string(2040, '\0'));
    vmdk.marker(2, 1);
    fields.directory = vmdk.sector();
    vmdk.add(VmdkBuilder::padded(VmdkBuilder::little(table, 4)));
    vmdk.footer(fields).end();
    CHECK(pair.decode(vmdk.bytes()) == grains("a0c"));
}

TEST_CASE("import-security 6: a delta smaller than its parent, or raw, is refused",
          "[ovfkit][disk][hostile]") {
    const Pair pair;
    pair.write("parent", grains("abc"));
    VmdkBuilder vmdk = delta_of(256);
    vmdk.grain(0, grains("x"));
    const std::string bytes = finished(vmdk, 256);
    const auto error = tests::error_of([&] { pair.decode(bytes); });
    CHECK(error.kind() == ErrorKind::invalid_input);
    CHECK_THAT(error.message(), Catch::Contains("smaller than its parent"));
    // Not announced by the descriptor.
    CHECK(tests::error_of([&] { tests::decode(bytes); }).kind() == ErrorKind::unsupported);
    pair.write("child", grains("ab"));
    CHECK(tests::error_of([&] { pair.delta(); }).kind() == ErrorKind::invalid_input);
    const auto raw = tests::error_of([&] {
        tests::decode(grains("abc"), 1000, "http://www.dmtf.org/raw", "", {.is_delta = true});
    });
    CHECK(raw.kind() == ErrorKind::unsupported);
}
