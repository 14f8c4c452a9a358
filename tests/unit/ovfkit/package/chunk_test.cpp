// SPDX-License-Identifier: Apache-2.0
// Files in chunks ("disk.vmdk.000000000", …), DSP0243 7.1: the handler gets them as one file.
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
