// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/certificate.h"

#include "tests/support/catch.h"
#include "tests/support/pki.h"

using tests::Pki;

namespace {

const std::string kManifest = "SHA256(a.ovf)= 00\n";

std::string refusal(const std::string& text) {
    const auto error = tests::error_of([&] { ovfkit::parse_package_certificate(text, "x.cert"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    return error.message();
}

}  // namespace

TEST_CASE("a certificate file comes back as it was signed", "[ovfkit][certificate]") {
    const Pki pki;
    for (const auto& [name, how] :
         {std::pair("rsa", Pki::kRsa), std::pair("ec", Pki::kEc), std::pair("ed", Pki::kEd25519)}) {
        INFO(name);
        pki.make_self_signed(name, how);
        const auto signer = ovfkit::load_package_signer(pki.path(name + std::string(".key")),
                                                        pki.path(name + std::string(".pem")));
        const std::string text = ovfkit::sign_manifest(kManifest, "a.mf", signer);
        const auto found = ovfkit::parse_package_certificate(text, "a.cert");
        CHECK(found.manifest_name == "a.mf");
        CHECK(found.chain.size() == 1);
        CHECK(found.chain.front().info().subject == "CN=" + std::string(name));
        CHECK(base::verify_signature(found.chain.front(), found.algorithm, kManifest,
                                     found.signature));
        CHECK_FALSE(base::verify_signature(found.chain.front(), found.algorithm, kManifest + " ",
                                           found.signature));
    }
}

TEST_CASE("a certificate file of ovftool's form verifies", "[ovfkit][certificate]") {
    const Pki pki;  // as made by hand: openssl dgst -sha1, hex, certificate behind it
    pki.make_self_signed("rsa", Pki::kRsa);
    base::write_file(pki.path("a.mf"), kManifest);
    const std::string line =
        base::run_checked({.argv = {"openssl", "dgst", "-sha1", "-hex", "-sign",
                                    pki.path("rsa.key"), pki.path("a.mf")}})
            .out;
    const std::string text =
        "SHA1(a.mf)= " + line.substr(line.find("= ") + 2) + base::read_file(pki.path("rsa.pem"));
    const auto found = ovfkit::parse_package_certificate(text, "a.cert");
    CHECK(found.algorithm == base::DigestAlgorithm::sha1);
    CHECK(base::verify_signature(found.chain.front(), found.algorithm, kManifest, found.signature));
}

TEST_CASE("blocks that are no certificate are named", "[ovfkit][certificate]") {
    const Pki pki;
    pki.make_self_signed("ec");
    const std::string text = "SHA256(a.mf)= 00ff\n" + base::read_file(pki.path("ec.pem")) +
                             "-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n";
    CHECK(ovfkit::parse_package_certificate(text, "x").ignored_parts ==
          std::vector<std::string>{"CMS"});
}

TEST_CASE("import-security 4: a malformed certificate file is an error",
          "[ovfkit][certificate][hostile]") {
    const Pki pki;
    pki.make_self_signed("ec");
    const std::string pem = base::read_file(pki.path("ec.pem"));
    CHECK(refusal("") ==
          "certificate file 'x.cert' has no signature line such as SHA256(x.mf)= 0123…");
    CHECK(refusal(pem + "SHA256(a.mf)= 00\n").find("no signature line") != std::string::npos);
    CHECK(refusal("SHA256(a.mf)= 00\n") == "'x.cert' holds no certificate");
    CHECK(refusal("SHA256(a.mf)= 000\n" + pem) ==
          "certificate file 'x.cert' has a signature of 3 hex digits");
    CHECK(refusal("SHA256(a.mf)= " + std::string(5000, '0') + "\n" + pem).find("5000 hex digits") !=
          std::string::npos);
    CHECK(refusal("MD5(a.mf)= 00\n" + pem) ==
          "certificate file 'x.cert' names the unknown digest algorithm 'MD5'");
}

TEST_CASE("a key that belongs to another certificate cannot sign", "[ovfkit][certificate]") {
    const Pki pki;
    pki.make_self_signed("one");
    pki.make_self_signed("two");
    CHECK(tests::error_of([&] {
              ovfkit::load_package_signer(pki.path("one.key"), pki.path("two.pem"));
          }).kind() == base::ErrorKind::invalid_input);
}
