// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/signature.h"

#include "base/crypto/trust.h"
#include "tests/support/catch.h"
#include "tests/support/pki.h"

using base::DigestAlgorithm;
using tests::Pki;

namespace {

base::Certificate certificate(const Pki& pki, const std::string& name) {
    return base::load_certificates(pki.path(name + ".pem")).front();
}

base::PrivateKey key(const Pki& pki, const std::string& name) {
    return base::load_private_key(pki.path(name + ".key"));
}

base::TrustVerdict judge(const Pki& pki, const std::string& signer, const std::string& anchor,
                         const std::vector<std::string>& between = {},
                         std::time_t now = std::time(nullptr)) {
    std::vector<base::Certificate> intermediates;
    for (const std::string& name : between) {
        intermediates.push_back(certificate(pki, name));
    }
    const std::vector<base::Certificate> anchors{certificate(pki, anchor)};
    return base::check_trust(certificate(pki, signer), intermediates, anchors, now);
}

constexpr std::time_t kDay = 24 * 3600;

}  // namespace

TEST_CASE("a signature holds for the bytes signed and for no others", "[base][signature]") {
    const Pki pki;
    for (const auto& [name, how] :
         {std::pair("rsa", Pki::kRsa), std::pair("ec", Pki::kEc), std::pair("ed", Pki::kEd25519)}) {
        INFO(name);
        pki.make_self_signed(name, how);
        pki.make_self_signed("other", how);
        const std::string data = "SHA256(a.ovf)= 00\n";
        std::string signature = base::sign(key(pki, name), DigestAlgorithm::sha256, data);
        const base::Certificate signer = certificate(pki, name);
        CHECK(base::verify_signature(signer, DigestAlgorithm::sha256, data, signature));
        CHECK_FALSE(base::verify_signature(signer, DigestAlgorithm::sha256, data + " ", signature));
        CHECK_FALSE(base::verify_signature(certificate(pki, "other"), DigestAlgorithm::sha256, data,
                                           signature));
        CHECK_FALSE(base::verify_signature(signer, DigestAlgorithm::sha256, data, ""));
        signature[3] = static_cast<char>(signature[3] ^ 1);
        CHECK_FALSE(base::verify_signature(signer, DigestAlgorithm::sha256, data, signature));
    }
}

TEST_CASE("what openssl signs verifies here, and the other way round", "[base][signature]") {
    const Pki pki;
    pki.make_self_signed("rsa", Pki::kRsa);
    base::write_file(pki.path("data"), "some bytes");
    pki.openssl({"dgst", "-sha256", "-sign", "rsa.key", "-out", "theirs", "data"});
    const base::Certificate signer = certificate(pki, "rsa");
    CHECK(base::verify_signature(signer, DigestAlgorithm::sha256, "some bytes",
                                 base::read_file(pki.path("theirs"))));
    base::write_file(pki.path("ours"),
                     base::sign(key(pki, "rsa"), DigestAlgorithm::sha256, "some bytes"));
    pki.openssl({"x509", "-in", "rsa.pem", "-pubkey", "-noout", "-out", "rsa.pub"});
    pki.openssl({"dgst", "-sha256", "-verify", "rsa.pub", "-signature", "ours", "data"});
}

TEST_CASE("a certificate tells its subject, key, validity and fingerprint", "[base][signature]") {
    const Pki pki;
    pki.make_self_signed("rsa", Pki::kRsa);
    const base::Certificate found = certificate(pki, "rsa");
    CHECK(found.info().subject == "CN=rsa");
    CHECK(found.info().issuer == "CN=rsa");
    CHECK(found.info().self_signed);
    CHECK(found.info().key == "RSA 2048");
    CHECK_FALSE(found.info().weak_key);
    CHECK(found.info().not_after - found.info().not_before == 30 * kDay);
    const auto shown = base::run_checked({.argv = {"openssl", "x509", "-in", pki.path("rsa.pem"),
                                                   "-noout", "-fingerprint", "-sha256"}});
    std::string plain;
    for (const char c : shown.out.substr(shown.out.find('=') + 1)) {
        if (c != ':' && c != '\n') {
            plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    CHECK(found.info().fingerprint == plain);
    CHECK(base::parse_certificates(found.pem(), "copy").front().info().fingerprint == plain);
}

TEST_CASE("trust needs a chain to the trust file", "[base][signature]") {
    const Pki pki;
    pki.make_self_signed("root");
    pki.make_self_signed("stranger");
    pki.make_certified("middle", "root", {"CA"});
    pki.make_certified("leaf", "middle");

    CHECK(judge(pki, "leaf", "root", {"middle"}).trusted);
    CHECK(judge(pki, "leaf", "middle").trusted);  // an anchor need not be a root
    CHECK(judge(pki, "leaf", "leaf").trusted);
    CHECK(judge(pki, "root", "root").trusted);
    CHECK(judge(pki, "leaf", "root").reason ==
          "'CN=leaf' was certified by 'CN=middle', and no chain leads to the trust file");
    CHECK(judge(pki, "leaf", "stranger", {"middle"}).reason ==
          "'CN=leaf' was certified by 'CN=middle', and no chain leads to the trust file");
    CHECK(judge(pki, "stranger", "root").reason ==
          "'CN=stranger' signed its own certificate, which is not in the trust file");
}

TEST_CASE("trust ends with the validity of a certificate", "[base][signature]") {
    const Pki pki;
    pki.make_self_signed("root");
    const std::time_t now = std::time(nullptr);
    const auto late = judge(pki, "root", "root", {}, now + 31 * kDay);
    CHECK_FALSE(late.trusted);
    CHECK(late.reason.find("the certificate of 'CN=root' expired on 2") == 0);
    const auto early = judge(pki, "root", "root", {}, now - kDay);
    CHECK(early.reason.find("the certificate of 'CN=root' is not valid before 2") == 0);
}

TEST_CASE("weak keys, wrong usage and false authorities are never trusted", "[base][signature]") {
    const Pki pki;
    pki.make_self_signed("root");
    pki.make_self_signed("weak", Pki::kWeakRsa);
    pki.make_certified("server", "root", {"keyUsage=keyEncipherment"});
    pki.make_certified("leaf", "root");
    pki.make_certified("below", "leaf");  // certified by something that is no authority

    CHECK(certificate(pki, "weak").info().weak_key);
    CHECK(judge(pki, "weak", "weak").reason == "the key of 'CN=weak' is too weak (RSA 1024)");
    CHECK(judge(pki, "server", "root").reason ==
          "the certificate of 'CN=server' is not meant for signatures");
    CHECK(judge(pki, "leaf", "root").trusted);
    CHECK_FALSE(judge(pki, "below", "root", {"leaf"}).trusted);
}

TEST_CASE("a key that cannot be used says why and what to do", "[base][signature]") {
    const Pki pki;
    pki.make_self_signed("one");
    pki.make_self_signed("two");
    pki.openssl(
        {"pkey", "-in", "one.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key"});
    const auto wrong = tests::error_of(
        [&] { base::require_key_matches(key(pki, "two"), certificate(pki, "one")); });
    CHECK(wrong.kind() == base::ErrorKind::invalid_input);
    CHECK(wrong.message() ==
          "the key '" + pki.path("two.key") + "' does not belong to the certificate of 'CN=one'");
    CHECK_NOTHROW(base::require_key_matches(key(pki, "one"), certificate(pki, "one")));

    const auto locked = tests::error_of([&] { key(pki, "locked"); });
    CHECK(locked.kind() == base::ErrorKind::unsupported);
    CHECK(locked.hint().find("openssl pkey -in") != std::string::npos);

    const auto no_key = tests::error_of([&] { base::load_private_key(pki.path("one.pem")); });
    CHECK(no_key.kind() == base::ErrorKind::invalid_input);
    const auto no_certificate =
        tests::error_of([&] { base::load_certificates(pki.path("one.key")); });
    CHECK(no_certificate.message() == "'" + pki.path("one.key") + "' holds no certificate");
    CHECK(tests::error_of([&] { base::load_certificates("/nonexistent"); }).kind() ==
          base::ErrorKind::not_found);
}

TEST_CASE("a damaged certificate is an error, not an end of the list", "[base][signature]") {
    const Pki pki;
    pki.make_self_signed("good");
    std::string pem = base::read_file(pki.path("good.pem"));
    std::string damaged = pem;
    damaged[pem.size() / 2] = '!';
    CHECK(base::parse_certificates(pem + pem, "x").size() == 2);
    CHECK(tests::error_of([&] { base::parse_certificates(pem + damaged, "x"); })
              .message()
              .find("'x' holds a damaged certificate") == 0);
}
