// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/package_writer.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/process.h"
#include "tests/support/catch.h"
#include "tests/support/pki.h"
#include "tests/unit/ovfkit/package/sample_package.h"

using ovfkit::PackageWriter;
using tests::Pki;

namespace {

ovfkit::PackageReport read_back(const std::string& archive,
                                const ovfkit::VerifyPolicy& policy = {}) {
    base::MemorySource source(archive, "x.ova");
    tests::KeepingHandler handler;
    return ovfkit::read_package(source, handler, policy);
}

void fill_disk(base::ByteSink& sink) {
    for (std::size_t at = 0; at < tests::kSampleDisk.size(); at += 7777) {
        sink.write(base::as_bytes(std::string_view(tests::kSampleDisk).substr(at, 7777)));
    }
}

// Fails at the given write; counts them.
class FailingSink : public base::ByteSink {
  public:
    explicit FailingSink(int fail_at) : fail_at_(fail_at) {}
    void write(std::span<const std::byte> data) override {
        if (++writes_ == fail_at_) {
            throw base::SystemError(ENOSPC, "cannot write 'x.ova'");
        }
        data_.append(base::as_text(data));
    }
    const std::string& data() const { return data_; }

  private:
    int fail_at_;
    int writes_ = 0;
    std::string data_;
};

}  // namespace

TEST_CASE("a package written comes back and is signed by its maker", "[ovfkit][package]") {
    const Pki pki;
    pki.make_self_signed("maker", Pki::kRsa);
    const auto signer = ovfkit::load_package_signer(pki.path("maker.key"), pki.path("maker.pem"));
    ovfkit::VerifyPolicy policy;
    policy.trust_file = pki.path("maker.pem");
    const auto report = read_back(tests::sample_package(&signer), policy);
    CHECK(report.signature.trusted);
    std::vector<std::string> names;
    for (const auto& member : report.members) {
        names.push_back(member.name);
    }
    CHECK(names ==
          std::vector<std::string>{"shop.ovf", "db-disk1.vmdk", "web.iso", "shop.mf", "shop.cert"});
}

TEST_CASE("openssl and GNU tar agree with what is written", "[ovfkit][package]") {
    const Pki pki;
    pki.make_self_signed("maker", Pki::kRsa);
    const auto signer = ovfkit::load_package_signer(pki.path("maker.key"), pki.path("maker.pem"));
    base::write_file(pki.path("x.ova"), tests::sample_package(&signer));
    base::run_checked({.argv = {"tar", "-xf", pki.path("x.ova"), "-C", pki.path("")}});
    const auto digests =
        base::run_checked({.argv = {"sh", "-c",
                                    "openssl dgst -sha256 shop.ovf db-disk1.vmdk web.iso | "
                                    "sed 's/^SHA2-256/SHA256/'"},
                           .cwd = pki.path("")});
    CHECK(digests.out == base::read_file(pki.path("shop.mf")));
    const auto checked = base::run_checked(
        {.argv =
             {"sh", "-c",
              "openssl x509 -in shop.cert -pubkey -noout > pub && "
              "sed -n '1s/.*= //p' shop.cert | perl -ne 'chomp; print pack \"H*\", $_' > sig && "
              "openssl dgst -sha256 -verify pub -signature sig shop.mf"},
         .cwd = pki.path("")});
    CHECK(checked.out == "Verified OK\n");
}

TEST_CASE("the same input gives the same bytes, into a pipe and into a file", "[ovfkit][package]") {
    const base::TempDir dir;
    const std::string path = (dir.path() / "x.ova").string();
    const base::UniqueFd fd = base::open_file(path, O_RDWR | O_CREAT);
    PackageWriter writer(fd.get(), path);
    writer.reserve_text("shop.ovf", tests::sample_descriptor().size());
    CHECK(writer.add_member("db-disk1.vmdk", fill_disk) == tests::kSampleDisk.size());
    writer.add_member("web.iso", tests::kSampleIso.size(),
                      [](base::ByteSink& sink) { sink.write(base::as_bytes(tests::kSampleIso)); });
    writer.fill_reserved(tests::sample_descriptor());
    writer.finish();
    CHECK(base::read_file(path) == tests::sample_package());
    CHECK(tests::sample_package() == tests::sample_package());
}

TEST_CASE("room kept for the descriptor is filled up with line ends", "[ovfkit][package]") {
    const base::TempDir dir;
    const std::string path = (dir.path() / "x.ova").string();
    const base::UniqueFd fd = base::open_file(path, O_RDWR | O_CREAT);
    PackageWriter writer(fd.get(), path);
    writer.reserve_text("shop.ovf", 8192);
    writer.add_member("db-disk1.vmdk", fill_disk);
    writer.add_text("web.iso", tests::kSampleIso);
    CHECK(tests::error_of([&] { writer.fill_reserved(std::string(8193, ' ')); }).message() ==
          "'shop.ovf' needs 8193 bytes, but 8192 were reserved");
    writer.fill_reserved(tests::sample_descriptor());
    writer.finish();
    const auto report = read_back(base::read_file(path));
    CHECK(report.manifest.state == ovfkit::CheckState::ok);
    CHECK(report.find_member("shop.ovf")->size == 8192);
}

TEST_CASE("a file name that no reader would take is not written", "[ovfkit][package]") {
    base::MemorySink sink;
    PackageWriter writer(sink);
    writer.add_text("shop.ovf", tests::sample_descriptor());
    for (const std::string name : {"../x", "/x", "./x", "shop.ovf", ""}) {
        CHECK(tests::error_of([&] { writer.add_text(name, "x"); }).kind() ==
              base::ErrorKind::invalid_input);
    }
}

TEST_CASE("a sink that fails at any write ends the writing with its error", "[ovfkit][package]") {
    const auto write_to = [](base::ByteSink& sink) {
        PackageWriter writer(sink);
        writer.add_text("shop.ovf", tests::sample_descriptor());
        writer.add_member("db-disk1.vmdk", tests::kSampleDisk.size(), fill_disk);
        writer.add_text("web.iso", tests::kSampleIso);
        writer.finish();
    };
    int failures = 0;
    for (int n = 1;; ++n) {
        FailingSink sink(n);
        try {
            write_to(sink);
            CHECK(sink.data() == tests::sample_package());
            break;
        } catch (const base::SystemError& error) {
            CHECK(error.error_number() == ENOSPC);
            ++failures;
        }
        // Whatever was written before must not pass for a package.
        CHECK(tests::error_of([&] { read_back(sink.data()); }).kind() ==
              base::ErrorKind::invalid_input);
    }
    CHECK(failures > 30);
}
