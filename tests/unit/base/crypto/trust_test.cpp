// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/trust.h"

#include <cstdlib>

#include "tests/support/catch.h"
#include "tests/support/pki.h"

using tests::Pki;

namespace {

base::Certificate certificate(const Pki& pki, const std::string& name) {
    return base::load_certificates(pki.path(name + ".pem")).front();
}

base::TrustVerdict judge(const Pki& pki, const std::string& signer,
                         const std::vector<base::Certificate>& anchors) {
    return base::check_trust(certificate(pki, signer), {}, anchors, std::time(nullptr));
}

}  // namespace

TEST_CASE("a trust folder holds many authorities", "[base][trust]") {
    const Pki pki;
    pki.make_self_signed("one");
    pki.make_self_signed("two");
    base::make_dirs(pki.path("folder"));
    base::write_file(pki.path("folder/a.pem"), base::read_file(pki.path("one.pem")));
    base::write_file(pki.path("folder/b.crt"), base::read_file(pki.path("two.pem")));
    base::write_file(pki.path("folder/0123abcd.0"), base::read_file(pki.path("two.pem")));
    base::write_file(pki.path("folder/README"), "no certificate");
    const auto anchors = base::load_trust(pki.path("folder"));
    CHECK(anchors.size() == 2);
    CHECK(judge(pki, "one", anchors).trusted);
    CHECK(judge(pki, "two", anchors).trusted);
    pki.make_self_signed("three");
    CHECK_FALSE(judge(pki, "three", anchors).trusted);
    CHECK(base::load_trust(pki.path("one.pem")).size() == 1);
    base::make_dirs(pki.path("empty"));
    CHECK(tests::error_of([&] { base::load_trust(pki.path("empty")); })
              .message()
              .find("holds no certificates") != std::string::npos);
    base::write_file(pki.path("folder/c.pem"), "rubbish");
    CHECK_THROWS_AS(base::load_trust(pki.path("folder")), base::Error);
}

TEST_CASE("the system's trust is a file that can be named", "[base][trust]") {
    const Pki pki;
    pki.make_self_signed("one");
    ::setenv("SSL_CERT_FILE", pki.path("one.pem").c_str(), 1);
    CHECK(base::load_system_trust().size() == 1);
    ::setenv("SSL_CERT_FILE", pki.path("gone.pem").c_str(), 1);
    CHECK(tests::error_of([] { base::load_system_trust(); }).kind() ==
          base::ErrorKind::environment);
    ::unsetenv("SSL_CERT_FILE");
}

TEST_CASE("a certificate for web servers does not vouch for software", "[base][trust]") {
    const Pki pki;
    pki.make_self_signed("ca");
    pki.make_certified("server", "ca", {"extendedKeyUsage=serverAuth"});
    pki.make_certified("coder", "ca", {"extendedKeyUsage=codeSigning"});
    pki.make_certified("anyone", "ca", {"extendedKeyUsage=serverAuth,anyExtendedKeyUsage"});
    const std::vector<base::Certificate> anchors{certificate(pki, "ca")};
    CHECK(judge(pki, "server", anchors).reason ==
          "the certificate of 'CN=server' is meant for other things than signing software "
          "(extended key usage)");
    CHECK(judge(pki, "anyone", anchors).trusted);
    const auto verdict = judge(pki, "coder", anchors);
    CHECK(verdict.trusted);
    CHECK(verdict.chain == std::vector<std::string>{"CN=coder", "CN=ca"});
}
