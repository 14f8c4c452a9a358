// SPDX-License-Identifier: Apache-2.0
// Files in chunks ("disk.vmdk.000000000", …), DSP0243 7.1: the handler gets them as one file.
#include <fcntl.h>

#include "base/file.h"
#include "base/process.h"
#include "ovfkit/package/package_copy.h"
#include "ovfkit/package/package_reader.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/package/sample_package.h"

using tests::ArchiveBuilder;
using tests::KeepingHandler;

namespace {

const std::string kFile =
    R"(<File ovf:id="f1" ovf:href="disk.vmdk" ovf:chunkSize="1000" ovf:size="2500"/>)";

std::string chunk_name(int index) {
    return fmt::format("disk.vmdk.{:09}", index);
}

std::string chunk(int index) {
    return std::string(index == 2 ? 500 : 1000, static_cast<char>('a' + index));
}

const std::string kWhole = chunk(0) + chunk(1) + chunk(2);

std::string chunked(const std::vector<int>& order, const std::string& file = kFile) {
    const std::string descriptor = tests::sample_descriptor(file);
    ArchiveBuilder builder;
    builder.add("shop.ovf", descriptor);
    std::string manifest = tests::manifest_line("shop.ovf", descriptor);
    for (const int index : order) {
        manifest += tests::manifest_line(chunk_name(index), chunk(index));
    }
    builder.add("shop.mf", manifest);
    for (const int index : order) {
        builder.add(chunk_name(index), chunk(index));
    }
    return builder.end();
}

ovfkit::PackageReport read(const std::string& archive, KeepingHandler& handler) {
    base::MemorySource source(archive, "shop.ova");
    return ovfkit::read_package(source, handler, {});
}

}  // namespace

TEST_CASE("chunks are delivered as one file", "[ovfkit][package][chunks]") {
    KeepingHandler handler;
    const auto report = read(chunked({0, 1, 2}), handler);
    CHECK(handler.calls == std::vector<std::string>{"descriptor shop.ovf", "open disk.vmdk 2500",
                                                    "close disk.vmdk"});
    CHECK(handler.members.at("disk.vmdk") == kWhole);
    REQUIRE(report.find_member("disk.vmdk") != nullptr);
    CHECK(report.find_member("disk.vmdk")->sha256 ==
          base::digest_hex(base::DigestAlgorithm::sha256, kWhole));
    CHECK(report.find_member("disk.vmdk")->in_manifest);
    CHECK(report.find_member(chunk_name(1))->size == 1000);
    CHECK(report.findings.empty());
}

TEST_CASE("chunks out of order, missing or of other sizes", "[ovfkit][package][chunks]") {
    const auto refusal = [](const std::string& archive) {
        KeepingHandler handler;
        return tests::error_of([&] { read(archive, handler); }).message();
    };
    CHECK(refusal(chunked({1, 0, 2})) == "'shop.ova': chunk 0 of file 'disk.vmdk' is missing");
    CHECK(refusal(chunked({0, 2})) == "'shop.ova': chunk 1 of file 'disk.vmdk' is missing");
    KeepingHandler handler;
    const auto report = read(
        chunked({0, 1},
                R"(<File ovf:id="f1" ovf:href="disk.vmdk" ovf:chunkSize="900" ovf:size="2500"/>)"),
        handler);
    REQUIRE(report.findings.size() == 2);
    CHECK(report.findings[0].code == "chunk_size_differs");
    CHECK(report.findings[1].code == "size_differs");
}

TEST_CASE("a damaged chunk is never closed", "[ovfkit][package][chunks][hostile]") {
    std::string archive = chunked({0, 1, 2});
    archive[archive.find(chunk(1)) + 5] = 'X';
    KeepingHandler handler;
    const auto error = tests::error_of([&] { read(archive, handler); });
    CHECK(error.message().find("member 'disk.vmdk.000000001' does not match") != std::string::npos);
    CHECK(handler.members.empty());
}

TEST_CASE("a copy keeps chunks as they are", "[ovfkit][package][chunks]") {
    base::MemorySource source(chunked({0, 1, 2}), "shop.ova");
    base::MemorySink sink;
    ovfkit::PackageWriter writer(sink);
    ovfkit::copy_package(source, {}, writer);
    writer.finish();
    KeepingHandler handler;
    const auto report = read(sink.data(), handler);
    CHECK(report.members.size() == 5);
    CHECK(handler.members.at("disk.vmdk") == kWhole);
}

TEST_CASE("members are written in chunks, of known and unknown size", "[ovfkit][package][chunks]") {
    const auto write_to = [](ovfkit::PackageWriter& writer, bool sized) {
        const auto fill = [](base::ByteSink& sink) {
            for (std::size_t at = 0; at < kWhole.size(); at += 700) {
                sink.write(base::as_bytes(std::string_view(kWhole).substr(at, 700)));
            }
        };
        writer.add_text("shop.ovf", tests::sample_descriptor(kFile));
        if (sized) {
            writer.add_member("disk.vmdk", kWhole.size(), fill);
        } else {
            CHECK(writer.add_member("disk.vmdk", fill) == kWhole.size());
        }
        writer.finish();
    };
    ovfkit::PackageWriterOptions options;
    options.chunk_bytes = 1000;
    base::MemorySink sink;
    ovfkit::PackageWriter piped(sink, options);
    write_to(piped, true);
    KeepingHandler handler;
    const auto report = read(sink.data(), handler);
    CHECK(handler.members.at("disk.vmdk") == kWhole);
    CHECK(report.find_member(chunk_name(2))->size == 500);
    CHECK(report.findings.empty());

    const base::TempDir dir;
    const std::string path = (dir.path() / "x.ova").string();
    const base::UniqueFd fd = base::open_file(path, O_RDWR | O_CREAT);
    ovfkit::PackageWriter sought(fd.get(), path, options);
    write_to(sought, false);
    CHECK(base::read_file(path) == sink.data());
}

TEST_CASE("a file of whole chunks has no empty one, an empty file has one",
          "[ovfkit][package][chunks]") {
    ovfkit::PackageWriterOptions options;
    options.chunk_bytes = 1000;
    base::MemorySink sink;
    ovfkit::PackageWriter writer(sink, options);
    writer.add_text("shop.ovf", tests::sample_descriptor(kFile));
    writer.add_member("two", 2000, [](base::ByteSink& out) {
        out.write(base::as_bytes(std::string(2000, 'x')));
    });
    writer.add_member("none", 0, [](base::ByteSink&) {});
    std::vector<std::string> names;
    for (const auto& entry : writer.entries()) {
        names.push_back(entry.file);
    }
    CHECK(names ==
          std::vector<std::string>{"shop.ovf", "two.000000000", "two.000000001", "none.000000000"});
}

TEST_CASE("members are written through gzip, the same bytes each time",
          "[ovfkit][package][chunks]") {
    const base::TempDir dir;
    const auto write = [&](const std::string& name) {
        const std::string path = (dir.path() / name).string();
        const base::UniqueFd fd = base::open_file(path, O_RDWR | O_CREAT);
        ovfkit::PackageWriter writer(fd.get(), path);
        writer.add_text(
            "shop.ovf",
            tests::sample_descriptor(R"(<File ovf:id="f1" ovf:href="a" ovf:compression="gzip"/>)"));
        const std::uint64_t packed = writer.add_gzip_member(
            "a", [](base::ByteSink& out) { out.write(base::as_bytes(tests::kSampleDisk)); });
        CHECK(packed < 1000);
        writer.finish();
        return base::read_file(path);
    };
    const std::string once = write("1");
    CHECK(once == write("2"));
    KeepingHandler handler;
    read(once, handler);
    base::write_file(dir.path() / "a.gz", handler.members.at("a"));
    CHECK(base::run_checked({.argv = {"gunzip", "-c", "a.gz"}, .cwd = dir.path()}).out ==
          tests::kSampleDisk);
}
