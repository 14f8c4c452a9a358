// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/stream_vmdk_encoder.h"

#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"

using ovfkit::DiskFormat;

namespace {

// Takes `writes_left` writes, then fails like a full disk.
class FailingSink : public base::ByteSink {
  public:
    explicit FailingSink(int writes) : writes_left_(writes) {}
    void write(std::span<const std::byte>) override {
        if (writes_left_-- == 0) {
            throw base::SystemError(ENOSPC, "cannot write 'out.vmdk'");
        }
    }

  private:
    int writes_left_;
};

}  // namespace

TEST_CASE("qemu-img reads our streamOptimized VMDK as the same disk", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    // Whole and partial last grains, one and several grain tables, an odd tail.
    for (const std::uint64_t bytes :
         {std::uint64_t{65536}, std::uint64_t{512}, std::uint64_t{3 << 20},
          std::uint64_t{(200 << 20) + 512}, std::uint64_t{(70 << 20) + 40960}}) {
        INFO("disk of " << bytes);
        tests::make_sample_disk(raw, bytes);
        base::write_file(dir.path() / "out.vmdk", tests::encode(raw));
        tests::run_qemu_img({"convert", "-f", "vmdk", "-O", "raw",
                             (dir.path() / "out.vmdk").string(),
                             (dir.path() / "back.raw").string()});
        tests::require_same_file(raw, dir.path() / "back.raw");
        const auto info =
            base::parse_json(tests::run_qemu_img({"info", "-f", "vmdk", "--output=json",
                                                  (dir.path() / "out.vmdk").string()}),
                             "qemu-img info");
        CHECK(info["virtual-size"] == bytes);
        CHECK(info["format-specific"]["data"]["create-type"] == "streamOptimized");
    }
}

TEST_CASE("a disk with nothing on it becomes a VMDK without grains", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    base::write_file(raw, "");
    std::filesystem::resize_file(raw, 128U << 20U);
    const std::string vmdk = tests::encode(raw);
    CHECK(vmdk.size() < 70000);
    CHECK(tests::decode(vmdk).disk.populated_bytes == 0);
    base::write_file(dir.path() / "out.vmdk", vmdk);
    tests::run_qemu_img({"convert", "-f", "vmdk", "-O", "raw", (dir.path() / "out.vmdk").string(),
                         (dir.path() / "back.raw").string()});
    tests::require_same_file(raw, dir.path() / "back.raw");
}

TEST_CASE("the stream ends with footer and end-of-stream marker and nothing after",
          "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 40U << 20U);
    const std::string vmdk = tests::encode(dir.path() / "in.raw");
    REQUIRE(vmdk.size() % 512 == 0);
    CHECK(vmdk.substr(vmdk.size() - 512) == std::string(512, '\0'));
    CHECK(vmdk.substr(vmdk.size() - 1024, 4) == "KDMV");
    CHECK(vmdk.substr(vmdk.size() - 1536, 16) ==
          std::string("\1\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0", 16));
    CHECK(vmdk.substr(0, 8) == std::string("KDMV\3\0\0\0", 8));
    CHECK(vmdk.substr(56, 8) == std::string(8, '\xff'));  // GD_AT_END
}

TEST_CASE("one, two and three threads write the same bytes", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 90U << 20U);
    const std::string one = tests::encode(dir.path() / "in.raw", 1);
    CHECK(one == tests::encode(dir.path() / "in.raw", 2));
    CHECK(one == tests::encode(dir.path() / "in.raw", 3));
    CHECK(one.size() > tests::encode(dir.path() / "in.raw", 2, 12).size() - 100000);
}

TEST_CASE("the content id comes from the disk or from the caller", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "a.raw", 1U << 20U, 1);
    tests::make_sample_disk(dir.path() / "b.raw", 1U << 20U, 2);
    const auto cid = [](const std::string& vmdk) {
        return vmdk.substr(vmdk.find("\nCID=") + 5, 8);
    };
    CHECK(cid(tests::encode(dir.path() / "a.raw")) == cid(tests::encode(dir.path() / "a.raw")));
    CHECK(cid(tests::encode(dir.path() / "a.raw")) != cid(tests::encode(dir.path() / "b.raw")));
    base::MemorySink sink;
    encode_stream_optimized(*ovfkit::open_disk((dir.path() / "a.raw").string()), sink,
                            {.cid = 0xabcd, .extent_name = "web-disk1.vmdk"});
    CHECK(cid(sink.data()) == "0000abcd");
    CHECK(sink.data().find("RDONLY 2048 SPARSE \"web-disk1.vmdk\"\n") != std::string::npos);
}

TEST_CASE("a sink that fails at any write ends the encoder with that error", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 20U << 20U);
    const auto disk = ovfkit::open_disk((dir.path() / "in.raw").string());
    int writes = 0;
    for (bool failed = true; failed; ++writes) {
        REQUIRE(writes < 1000);
        FailingSink sink(writes);
        failed = false;
        try {
            encode_stream_optimized(*disk, sink, {.threads = 3});
        } catch (const base::SystemError& error) {
            failed = true;
            REQUIRE(error.error_number() == ENOSPC);
        }
    }
    CHECK(writes > 10);
}

TEST_CASE("an error while reading the disk ends the encoder with that error", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto path = dir.path() / "in.raw";
    tests::make_sample_disk(path, 20U << 20U);
    const auto disk = ovfkit::open_disk(path.string());
    std::filesystem::resize_file(path, 5U << 20U);
    // The last block used to hold data.
    std::vector<std::byte> buffer(512);
    CHECK(tests::error_of([&] { disk->read_at(19U << 20U, buffer); }).kind() ==
          base::ErrorKind::conflict);
    base::MemorySink sink;
    encode_stream_optimized(*disk, sink);  // the hole where data was is a hole now
    CHECK(tests::decode(sink.data()).disk.capacity_bytes == 20U << 20U);
}

TEST_CASE("levels out of range and empty disks are refused", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 1U << 20U);
    base::MemorySink sink;
    const auto disk = ovfkit::open_disk((dir.path() / "in.raw").string());
    CHECK(tests::error_of([&] { encode_stream_optimized(*disk, sink, {.level = 13}); }).kind() ==
          base::ErrorKind::usage);
    base::write_file(dir.path() / "empty.raw", "");
    const auto empty = ovfkit::open_disk((dir.path() / "empty.raw").string());
    CHECK(tests::error_of([&] { encode_stream_optimized(*empty, sink); }).kind() ==
          base::ErrorKind::invalid_input);
}

TEST_CASE("progress runs up to the capacity", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 50U << 20U);
    base::MemorySink sink;
    std::uint64_t last = 0;
    bool forward = true;
    encode_stream_optimized(*ovfkit::open_disk((dir.path() / "in.raw").string()), sink,
                            {.on_progress = [&](std::uint64_t done, std::uint64_t total) {
                                forward = forward && done >= last && done <= total;
                                last = done;
                            }});
    CHECK(forward);
    CHECK(last == 50U << 20U);
}
