// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/sign_package.h"

#include <filesystem>

#include "base/file.h"
#include "ovfkit/package/signature_check.h"
#include "ovfkit/package/source/open_package.h"
#include "tests/support/catch.h"
#include "tests/support/pki.h"
#include "tests/unit/ovfkit/package/sample_package.h"

using ovfkit::CheckState;
using ovfkit::sign_package;
using ovfkit::SignRequest;
using tests::Pki;

namespace fs = std::filesystem;

namespace {

constexpr std::time_t kDay = 24 * 3600;

// maker and tsa with their keys, and a package without a signature.
struct Workshop {
    Workshop() {
        pki.make_self_signed("maker", Pki::kRsa);
        pki.make_self_signed("ca");
        pki.make_certified("tsa", "ca", {"extendedKeyUsage=critical,timeStamping"});
        base::write_file(path("shop.ova"), tests::sample_package());
    }
    std::string path(const std::string& name) const { return pki.path(name); }
    ovfkit::PackageSigner signer(bool with_stamp = false) const {
        ovfkit::SignerFiles files{.key = path("maker.key"), .certificate = path("maker.pem")};
        if (with_stamp) {
            files.tsa_key = path("tsa.key");
            files.tsa_certificate = path("tsa.pem");
        }
        return ovfkit::load_package_signer(files);
    }
    ovfkit::PackageReport verify(const std::string& name) const {
        ovfkit::VerifyPolicy policy;
        policy.trust_file = path("maker.pem");
        policy.tsa_trust_file = path("ca.pem");
        const auto source = ovfkit::open_package(path(name));
        return ovfkit::inspect_source(*source, policy).package.value();
    }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(path(""))) {
            names.push_back(entry.path().filename().string());
        }
        std::sort(names.begin(), names.end());
        return names;
    }
    Pki pki;
};

// The signature of these texts as it is judged at a moment, without a package around it.
ovfkit::PackageReport judge_at(const Workshop& workshop, const std::string& certificate,
                               std::time_t now, bool with_tsa) {
    ovfkit::VerifyPolicy policy;
    policy.collect_failures = true;
    policy.trust_file = workshop.path("maker.pem");
    if (with_tsa) {
        policy.tsa_trust_file = workshop.path("tsa.pem");
    }
    ovfkit::PackageReport report;
    ovfkit::Verdict verdict(policy, report);
    ovfkit::check_signature({"shop.cert", certificate}, {"shop.mf", tests::sample_manifest()},
                            false, now, verdict, report.signature);
    return report;
}

}  // namespace

TEST_CASE("an OVA is signed in place, its manifest kept", "[ovfkit][package][sign]") {
    const Workshop workshop;
    fs::permissions(workshop.path("shop.ova"), fs::perms(0600));
    const auto result = sign_package({.location = workshop.path("shop.ova")}, workshop.signer());
    CHECK_FALSE(result.manifest_made);
    const auto report = workshop.verify("shop.ova");
    CHECK(report.failures.empty());
    CHECK(report.signature.trusted);
    CHECK(report.signature.timestamp.state == CheckState::absent);
    CHECK((fs::status(workshop.path("shop.ova")).permissions() & fs::perms::all) ==
          fs::perms(0600));
    // Signed again by the same key without a change: RSA signatures are the same each time.
    const std::string once = base::read_file(workshop.path("shop.ova"));
    sign_package({.location = workshop.path("shop.ova")}, workshop.signer());
    CHECK(base::read_file(workshop.path("shop.ova")) == once);
}

TEST_CASE("a missing manifest is made, a new one on request", "[ovfkit][package][sign]") {
    const Workshop workshop;
    base::write_file(workshop.path("bare.ova"), tests::ArchiveBuilder()
                                                    .add("shop.ovf", tests::sample_descriptor())
                                                    .add("db-disk1.vmdk", tests::kSampleDisk)
                                                    .add("web.iso", tests::kSampleIso)
                                                    .end());
    auto signer = workshop.signer();
    signer.algorithm = base::DigestAlgorithm::sha384;
    const auto made = sign_package({.location = workshop.path("bare.ova"),
                                    .output = workshop.path("out.ova"),
                                    .digest = base::DigestAlgorithm::sha384},
                                   signer);
    CHECK(made.manifest_made);
    const auto report = workshop.verify("out.ova");
    CHECK(report.failures.empty());
    CHECK(report.manifest.algorithms == std::vector<std::string>{"SHA384"});
    CHECK(report.signature.algorithm == "SHA384");

    // The descriptor was changed by hand: refused, unless a new manifest is wanted.
    std::string edited = base::read_file(workshop.path("out.ova"));
    edited.replace(edited.find("A machine"), 9, "B machine");
    base::write_file(workshop.path("out.ova"), edited);
    const SignRequest in_place{.location = workshop.path("out.ova")};
    CHECK(tests::error_of([&] { sign_package(in_place, signer); })
              .message()
              .find("member 'shop.ovf' does not match the manifest") != std::string::npos);
    CHECK(base::read_file(workshop.path("out.ova")) == edited);
    SignRequest renewing = in_place;
    renewing.renew_manifest = true;
    CHECK(sign_package(renewing, signer).manifest_made);
    CHECK(workshop.verify("out.ova").failures.empty());
}

TEST_CASE("of a folder only manifest and certificate change", "[ovfkit][package][sign]") {
    const Workshop workshop;
    base::make_dirs(workshop.path("folder"));
    base::write_file(workshop.path("folder/shop.ovf"), tests::sample_descriptor());
    base::write_file(workshop.path("folder/db-disk1.vmdk"), tests::kSampleDisk);
    base::write_file(workshop.path("folder/web.iso"), tests::kSampleIso);
    const auto before = fs::last_write_time(workshop.path("folder/db-disk1.vmdk"));
    CHECK(sign_package({.location = workshop.path("folder")}, workshop.signer(true)).manifest_made);
    CHECK(workshop.verify("folder").failures.empty());
    CHECK(workshop.verify("folder").signature.timestamp.trusted);
    CHECK(fs::last_write_time(workshop.path("folder/db-disk1.vmdk")) == before);
    CHECK(base::read_file(workshop.path("folder/shop.mf")) == tests::sample_manifest());
    // With an output it becomes an OVA.
    sign_package(
        {.location = workshop.path("folder/shop.ovf"), .output = workshop.path("packed.ova")},
        workshop.signer());
    CHECK(workshop.verify("packed.ova").failures.empty());
    CHECK(std::distance(fs::directory_iterator(workshop.path("folder")), {}) == 5);
}

TEST_CASE("a stamped signature outlives its certificate", "[ovfkit][package][sign]") {
    const Workshop workshop;
    workshop.pki.make_key("old", Pki::kRsa);
    // maker's certificate ends in 30 days, the authority's in 300.
    workshop.pki.openssl({"req", "-x509", "-new", "-key", "tsa.key", "-out", "tsa.pem", "-days",
                          "300", "-subj", "/CN=tsa", "-addext", "basicConstraints=CA:FALSE",
                          "-addext", "extendedKeyUsage=critical,timeStamping"});
    const std::string manifest = tests::sample_manifest();
    const std::string stamped = ovfkit::sign_manifest(manifest, "shop.mf", workshop.signer(true));
    const std::string plain = ovfkit::sign_manifest(manifest, "shop.mf", workshop.signer());
    const std::time_t later = std::time(nullptr) + 60 * kDay;

    const auto outlived = judge_at(workshop, stamped, later, true);
    CHECK(outlived.failures.empty());
    CHECK(outlived.signature.trusted);
    CHECK_FALSE(outlived.signature.valid_now);
    CHECK(outlived.signature.judged_at == outlived.signature.timestamp.time);
    CHECK(outlived.findings.at(0).code == "certificate_outlived");

    // Without a stamp, without trust in its authority, or after the authority's end: no.
    for (const auto& report :
         {judge_at(workshop, plain, later, true), judge_at(workshop, stamped, later, false),
          judge_at(workshop, stamped, later + 300 * kDay, true)}) {
        REQUIRE(report.failures.size() == 1);
        CHECK(report.failures[0].find("the signer is not trusted: the certificate of 'CN=maker' "
                                      "expired on ") == 0);
    }
    // A stamp from the future shows nothing.
    CHECK_FALSE(
        judge_at(workshop, stamped, std::time(nullptr) - kDay, true).signature.timestamp.trusted);
}

TEST_CASE("import-security 4: a time stamp of another signature fails",
          "[ovfkit][package][sign][hostile]") {
    const Workshop workshop;
    const std::string manifest = tests::sample_manifest();
    const std::string stamped = ovfkit::sign_manifest(manifest, "shop.mf", workshop.signer(true));
    const std::string other = ovfkit::sign_manifest("other", "shop.mf", workshop.signer(true));
    const std::string mark = "-----BEGIN TIMESTAMP TOKEN-----";
    const std::string mixed =
        stamped.substr(0, stamped.find(mark)) + other.substr(other.find(mark));
    const auto report = judge_at(workshop, mixed, std::time(nullptr), true);
    REQUIRE(report.failures.size() == 1);
    CHECK(report.failures[0].find("the time stamp in 'shop.cert' is not valid") == 0);
    CHECK(report.signature.timestamp.state == CheckState::failed);
    const std::string cut = stamped.substr(0, stamped.find(mark) + 60) + "\n";
    CHECK(judge_at(workshop, cut, std::time(nullptr), true)
              .failures.at(0)
              .find("'shop.cert' holds a damaged") == 0);
}

TEST_CASE("what cannot be signed stays as it was", "[ovfkit][package][sign]") {
    const Workshop workshop;
    std::string damaged = tests::sample_package();
    damaged[damaged.find(tests::kSampleIso) + 7] = 'X';
    base::write_file(workshop.path("damaged.ova"), damaged);
    const auto names = workshop.files();
    CHECK_THROWS_AS(sign_package({.location = workshop.path("damaged.ova")}, workshop.signer()),
                    base::Error);
    CHECK_THROWS_AS(
        sign_package({.location = workshop.path("damaged.ova"), .output = workshop.path("new.ova")},
                     workshop.signer()),
        base::Error);
    auto broken = workshop.signer();
    broken.stamp = [](std::string_view) -> std::string {
        throw base::Error(base::ErrorKind::external, "no time today");
    };
    CHECK(tests::error_of([&] {
              sign_package({.location = workshop.path("shop.ova")}, broken);
          }).message() == "no time today");
    CHECK(base::read_file(workshop.path("shop.ova")) == tests::sample_package());
    CHECK(base::read_file(workshop.path("damaged.ova")) == damaged);
    CHECK(workshop.files() == names);
    CHECK(tests::error_of([&] { sign_package({.location = "-"}, workshop.signer()); }).kind() ==
          base::ErrorKind::usage);
}
