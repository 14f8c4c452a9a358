// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/package_reader.h"

#include <fcntl.h>

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/package/sample_package.h"

using base::DigestAlgorithm;
using ovfkit::CheckState;
using ovfkit::PackageReport;
using ovfkit::VerifyPolicy;
using tests::ArchiveBuilder;
using tests::KeepingHandler;

namespace {

// As a stream: no looking ahead.
PackageReport read_stream(const std::string& archive, KeepingHandler& handler,
                          const VerifyPolicy& policy = {}) {
    base::MemorySource source(archive, "standard input");
    return ovfkit::read_package(source, handler, policy);
}

PackageReport read_as_file(const std::string& archive, KeepingHandler& handler,
                           const VerifyPolicy& policy = {}) {
    const base::TempDir dir;
    const std::string path = (dir.path() / "shop.ova").string();
    base::write_file(path, archive);
    base::FdSource source(base::open_regular(path), "shop.ova");
    return ovfkit::read_package(source, handler, policy);
}

ArchiveBuilder sample_members() {
    return ArchiveBuilder()
        .add("shop.ovf", tests::sample_descriptor())
        .add("db-disk1.vmdk", tests::kSampleDisk)
        .add("web.iso", tests::kSampleIso);
}

std::vector<std::string> codes(const PackageReport& report) {
    std::vector<std::string> found;
    for (const auto& finding : report.findings) {
        found.push_back(finding.code);
    }
    return found;
}

}  // namespace

TEST_CASE("a good package is delivered and reported, as a stream and as a file",
          "[ovfkit][package]") {
    for (const bool as_file : {false, true}) {
        KeepingHandler handler;
        const auto report = as_file ? read_as_file(tests::sample_package(), handler)
                                    : read_stream(tests::sample_package(), handler);
        CHECK(handler.calls == std::vector<std::string>{
                                   "descriptor shop.ovf", "open db-disk1.vmdk 200000",
                                   "close db-disk1.vmdk", "open web.iso 3000", "close web.iso"});
        CHECK(handler.descriptor == tests::sample_descriptor());
        CHECK(handler.members.at("db-disk1.vmdk") == tests::kSampleDisk);
        CHECK(report.manifest.state == CheckState::ok);
        CHECK(report.manifest.algorithms == std::vector<std::string>{"SHA256"});
        CHECK(report.signature.state == CheckState::absent);
        CHECK(report.findings.empty());
        CHECK(report.failures.empty());
        REQUIRE(report.members.size() == 4);
        CHECK(report.find_member("web.iso")->sha256 ==
              base::digest_hex(DigestAlgorithm::sha256, tests::kSampleIso));
        CHECK(report.find_member("web.iso")->in_manifest);
        CHECK(report.find_member("shop.ovf")->in_manifest);
    }
}

TEST_CASE("a manifest that comes early is used early", "[ovfkit][package]") {
    const std::string archive = ArchiveBuilder()
                                    .add("shop.ovf", tests::sample_descriptor())
                                    .add("shop.mf", tests::sample_manifest(DigestAlgorithm::sha512))
                                    .add("db-disk1.vmdk", "damaged")
                                    .header("web.iso", 1)  // never reached
                                    .unfinished();
    KeepingHandler handler;
    const auto error = tests::error_of([&] { read_stream(archive, handler); });
    CHECK(error.message().find("standard input: member 'db-disk1.vmdk' does not match the manifest "
                               "(SHA512 expected ") == 0);
    CHECK(handler.members.empty());  // close_member was not called
}

TEST_CASE("every algorithm is checked in every order", "[ovfkit][package]") {
    for (const auto algorithm : {DigestAlgorithm::sha1, DigestAlgorithm::sha256,
                                 DigestAlgorithm::sha384, DigestAlgorithm::sha512}) {
        INFO(base::to_string(algorithm));
        const std::string manifest = tests::sample_manifest(algorithm);
        const std::string late = sample_members().add("shop.mf", manifest).end();
        KeepingHandler handler;
        CHECK(read_as_file(late, handler).manifest.state == CheckState::ok);
        VerifyPolicy any;
        any.any_algorithm = true;
        CHECK(read_stream(late, handler, any).manifest.state == CheckState::ok);
        if (algorithm == DigestAlgorithm::sha384 || algorithm == DigestAlgorithm::sha512) {
            const auto error = tests::error_of([&] { read_stream(late, handler); });
            CHECK(error.hint() == "save the package to a file and give the file");
        } else {
            CHECK(read_stream(late, handler).manifest.state == CheckState::ok);
        }
    }
}

TEST_CASE("SHA1 is accepted with a finding", "[ovfkit][package]") {
    KeepingHandler handler;
    const auto report = read_stream(
        sample_members().add("shop.mf", tests::sample_manifest(DigestAlgorithm::sha1)).end(),
        handler);
    CHECK(codes(report) == std::vector<std::string>{"weak_digest"});
    const std::string both = tests::sample_manifest(DigestAlgorithm::sha1) +
                             tests::sample_manifest(DigestAlgorithm::sha256);
    CHECK(read_stream(sample_members().add("shop.mf", both).end(), handler).findings.empty());
}

TEST_CASE("without a manifest the report says that nothing is proved", "[ovfkit][package]") {
    KeepingHandler handler;
    const auto report = read_stream(sample_members().end(), handler);
    CHECK(report.manifest.state == CheckState::absent);
    CHECK(codes(report) == std::vector<std::string>{"no_manifest"});
}

TEST_CASE("the descriptor may stand anywhere in a file", "[ovfkit][package]") {
    const std::string archive = ArchiveBuilder()
                                    .add("web.iso", tests::kSampleIso)
                                    .add("db-disk1.vmdk", tests::kSampleDisk)
                                    .add("shop.ovf", tests::sample_descriptor())
                                    .end();
    KeepingHandler from_file;
    const auto report = read_as_file(archive, from_file);
    CHECK(from_file.calls.front() == "descriptor shop.ovf");
    CHECK(codes(report) == std::vector<std::string>{"descriptor_not_first", "no_manifest"});

    // A stream keeps small members in memory until the descriptor comes.
    KeepingHandler from_stream;
    const auto streamed = read_stream(archive, from_stream);
    CHECK(from_stream.calls == from_file.calls);
    CHECK(from_stream.members == from_file.members);
    CHECK(streamed.members.at(0).sha256 == report.members.at(0).sha256);

    VerifyPolicy small;
    small.buffered_bytes = 100000;
    const auto error = tests::error_of([&] { read_stream(archive, from_stream, small); });
    CHECK(error.message() ==
          "standard input: the descriptor comes after 'db-disk1.vmdk' (195 KiB), too late for a "
          "stream");
    CHECK(error.hint().find("save it to a file") == 0);
}

TEST_CASE("a sink that fails does not hide a wrong digest", "[ovfkit][package]") {
    struct Picky : KeepingHandler {
        struct Sink : base::ByteSink {
            void write(std::span<const std::byte> /*data*/) override {
                throw base::Error(kind, "no grain marker at byte 512");
            }
            base::ErrorKind kind = base::ErrorKind::invalid_input;
        };
        std::unique_ptr<base::ByteSink> open_member(const std::string& /*name*/,
                                                    std::uint64_t /*size*/) override {
            auto sink = std::make_unique<Sink>();
            sink->kind = kind;
            return sink;
        }
        base::ErrorKind kind = base::ErrorKind::invalid_input;
    };
    std::string damaged = tests::sample_package();
    damaged[damaged.find(std::string(1000, 'd')) + 500] = 'x';
    for (const bool as_file : {false, true}) {
        Picky handler;
        const auto mismatch = tests::error_of(
            [&] { as_file ? read_as_file(damaged, handler) : read_stream(damaged, handler); });
        CHECK(mismatch.message().find("member 'db-disk1.vmdk' does not match the manifest") !=
              std::string::npos);
        // The bytes are what the manifest says, and still wrong: the sink's own words.
        const auto own = tests::error_of([&] {
            const std::string good = tests::sample_package();
            as_file ? read_as_file(good, handler) : read_stream(good, handler);
        });
        CHECK(own.message() == "no grain marker at byte 512");
        handler.kind = base::ErrorKind::environment;  // no space: there is no point in going on
        const auto full = tests::error_of(
            [&] { as_file ? read_as_file(damaged, handler) : read_stream(damaged, handler); });
        CHECK(full.kind() == base::ErrorKind::environment);
    }
}

TEST_CASE("a file that changes between look and pass is noticed", "[ovfkit][package]") {
    const base::TempDir dir;
    const std::string path = (dir.path() / "shop.ova").string();
    base::write_file(path, tests::sample_package());
    struct Meddler : KeepingHandler {
        void on_descriptor(const std::string& name, const std::string& text,
                           const ovfkit::Envelope& envelope) override {
            KeepingHandler::on_descriptor(name, text, envelope);
            const base::UniqueFd fd = base::open_file(victim, O_RDWR);
            const std::string edited = "<!-- edited -->";
            base::pwrite_all(fd.get(), base::as_bytes(edited), 512, victim);
        }
        std::string victim;
    } handler;
    handler.victim = path;
    base::FdSource source(base::open_regular(path), path);
    CHECK(tests::error_of([&] { ovfkit::read_package(source, handler, {}); })
              .message()
              .find("member 'shop.ovf' does not match the manifest") != std::string::npos);
}

TEST_CASE("collected failures name everything that is wrong", "[ovfkit][package]") {
    const std::string archive =
        ArchiveBuilder()
            .add("shop.ovf", tests::sample_descriptor())
            .add("shop.mf", tests::sample_manifest() + tests::manifest_line("gone", ""))
            .add("db-disk1.vmdk", "damaged")
            .add("extra", "")
            .end();
    VerifyPolicy policy;
    policy.collect_failures = true;
    for (const bool as_file : {false, true}) {
        KeepingHandler handler;
        const auto report = as_file ? read_as_file(archive, handler, policy)
                                    : read_stream(archive, handler, policy);
        REQUIRE(report.failures.size() == 5);
        CHECK(report.failures[0].find("member 'db-disk1.vmdk' does not match") == 0);
        CHECK(report.failures[1] == "member 'extra' is not listed in the manifest");
        CHECK(report.failures[2] == "the manifest lists 'gone', which is not in the package");
        CHECK(report.failures[3] == "the manifest lists 'web.iso', which is not in the package");
        CHECK(report.failures[4] ==
              "the descriptor refers to 'web.iso', which is not in the package");
        CHECK(report.manifest.state == CheckState::failed);
    }
}

TEST_CASE("progress ends at the size of the file", "[ovfkit][package]") {
    struct Counting : KeepingHandler {
        void on_progress(std::uint64_t done, std::uint64_t total) override {
            last_done = done;
            last_total = total;
        }
        std::uint64_t last_done = 0;
        std::uint64_t last_total = 0;
    } handler;
    const std::string archive = tests::sample_package();
    const auto report = read_as_file(archive, handler);
    CHECK(handler.last_total == archive.size());
    CHECK(handler.last_done > archive.size() - 20 * 512);
    CHECK(report.total_bytes == archive.size());
}

TEST_CASE("a wrong descriptor is left to the handler when the policy says so",
          "[ovfkit][package]") {
    struct TextHandler : KeepingHandler {
        void on_text(const std::string& name, const std::string& text) override {
            texts[name] = text;
        }
        std::map<std::string, std::string> texts;
    };
    const std::string manifest =
        tests::manifest_line("shop.ovf", "<html/>") + tests::manifest_line("disk", "other bytes");
    const std::string archive = ArchiveBuilder()
                                    .add("shop.ovf", "<html/>")
                                    .add("disk", "bytes")
                                    .add("shop.mf", manifest)
                                    .end();
    VerifyPolicy policy;
    policy.collect_failures = true;
    TextHandler handler;
    CHECK_THROWS_AS(read_stream(archive, handler, policy), base::Error);
    policy.any_descriptor = true;
    TextHandler again;
    const auto report = read_stream(archive, again, policy);
    CHECK(again.descriptor == "<html/>");
    CHECK(again.texts.at("shop.mf") == manifest);
    REQUIRE(report.failures.size() == 1);
    CHECK(report.failures[0].find("member 'disk' does not match") == 0);
}

TEST_CASE("the report says how the archive is written", "[ovfkit][package]") {
    const std::string record = ArchiveBuilder::pax_record("mtime", "1.5");
    const std::string archive = ArchiveBuilder()
                                    .add("pax", record, 'x')
                                    .add("shop.ovf", tests::sample_descriptor())
                                    .header("db-disk1.vmdk", tests::kSampleDisk.size())
                                    .patch_header(257, "ustar  ")
                                    .patch_header(265, "some body")
                                    .raw_data(tests::kSampleDisk)
                                    .header("web.iso", tests::kSampleIso.size())
                                    .patch_header(257, std::string(8, '\0'))
                                    .raw_data(tests::kSampleIso)
                                    .end();
    KeepingHandler handler;
    const ovfkit::TarShape shape = read_stream(archive, handler).tar;
    CHECK(shape.pax_headers == 1);
    CHECK(shape.gnu_headers == 1);
    CHECK(shape.old_headers == 1);
    CHECK(shape.blank_owners == 1);
    CHECK(shape.binary_sizes == 0);
    CHECK(shape.first_extended == "shop.ovf");
}
