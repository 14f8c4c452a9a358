// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/member_sink.h"

#include "base/file.h"
#include "base/process.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"

using base::ErrorKind;

namespace {

std::string gzip(const std::filesystem::path& path) {
    return base::run_checked({.argv = {"gzip", "-c", path.string()}}).out;
}

base::Error decoding_error(const std::string& bytes, const std::string& uri,
                           const std::string& compression = "") {
    return tests::error_of([&] { tests::decode(bytes, 4096, uri, compression); });
}

}  // namespace

TEST_CASE("a raw member is written sparse and rounded to sectors", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", (3U << 20U) + 100);
    const std::string content = base::read_file(dir.path() / "in.raw");
    for (const std::size_t chunk : {1000U, 65536U, 10000000U}) {
        const auto decoded = tests::decode(content, chunk, "https://example.org/disk/raw");
        CHECK(decoded.disk.encoding == "raw");
        CHECK(decoded.disk.capacity_bytes == (3U << 20U) + 512);
        CHECK(decoded.disk.populated_bytes < 2500000);
        CHECK((decoded.raw == content + std::string(412, '\0')));
    }
}

TEST_CASE("gzip-compressed members are unpacked on the way", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, 3U << 20U);
    const std::string content = base::read_file(raw);
    const std::string packed = gzip(raw);
    CHECK((tests::decode(packed, 777, "raw", "gzip").raw == content));
    base::write_file(dir.path() / "disk.vmdk", tests::encode(raw));
    const auto decoded = tests::decode(gzip(dir.path() / "disk.vmdk"), 100000,
                                       ovfkit::kStreamOptimizedFormatUri, "gzip");
    CHECK(decoded.disk.encoding == "streamOptimized+gzip");
    CHECK((decoded.raw == content));
    // Two gzip members in a row are one stream.
    CHECK((tests::decode(packed + packed, 5000, "raw", "GZIP").raw == content + content));
    CHECK(decoding_error(packed.substr(0, packed.size() / 2), "raw", "gzip").kind() ==
          ErrorKind::invalid_input);
    CHECK(decoding_error(content, "raw", "gzip").kind() == ErrorKind::invalid_input);
    CHECK(decoding_error(packed, "raw", "bzip2").kind() == ErrorKind::unsupported);
}

TEST_CASE("a gzip bomb stops at the capacity limit", "[ovfkit][disk]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "bomb", std::string(50U << 20U, '\0'));
    ovfkit::DiskSinkOptions options{.max_capacity_bytes = 1U << 20U};
    const auto error = tests::error_of(
        [&] { tests::decode(gzip(dir.path() / "bomb"), 1000, "raw", "gzip", options); });
    CHECK(error.kind() == ErrorKind::unsupported);
    CHECK(error.message() == "disk 'disk1.vmdk' is larger than the limit of 1 MiB");
}

TEST_CASE("the URI and the first bytes must agree", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, 1U << 20U);
    const std::string content = base::read_file(raw);
    const std::string vmdk = tests::encode(raw);
    tests::run_qemu_img({"convert", "-O", "qcow2", raw.string(), (dir.path() / "q").string()});
    const std::string qcow2 = base::read_file(dir.path() / "q");

    for (const std::string uri :
         {"", "http://www.vmware.com/specifications/vmdk.html#sparse", "http://example.org/odd",
          "http://www.vmware.com/interfaces/specifications/vmdk.html#compressed"}) {
        CHECK(tests::decode(vmdk, 1000, uri).disk.capacity_bytes == 1U << 20U);
    }
    CHECK(decoding_error(vmdk, "raw").kind() == ErrorKind::invalid_input);
    CHECK(decoding_error(qcow2, "raw").message() ==
          "disk 'disk1.vmdk' is declared raw but is in qcow2 format");
    CHECK(decoding_error(content, ovfkit::kStreamOptimizedFormatUri).kind() ==
          ErrorKind::invalid_input);
    CHECK(decoding_error(content, "").kind() == ErrorKind::unsupported);
    CHECK(decoding_error(qcow2, "http://www.gnome.org/~markmc/qcow-image-format.html").kind() ==
          ErrorKind::unsupported);
    CHECK(decoding_error("", "raw").kind() == ErrorKind::invalid_input);
    CHECK(decoding_error("", ovfkit::kStreamOptimizedFormatUri).kind() == ErrorKind::invalid_input);
}
