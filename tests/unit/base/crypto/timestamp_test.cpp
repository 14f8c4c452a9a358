// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/timestamp.h"

#include "tests/support/catch.h"
#include "tests/support/pki.h"

using tests::Pki;

namespace {

constexpr std::time_t kDay = 24 * 3600;
const std::string kData = "the bytes of a signature";

// ca.pem and tsa.key, tsa.pem: an authority certified by the ca.
struct Authority {
    Authority() {
        pki.make_self_signed("ca");
        pki.make_certified("tsa", "ca", {"extendedKeyUsage=critical,timeStamping"});
    }
    std::string stamp(std::string_view data) const {
        return base::make_timestamp(base::load_private_key(pki.path("tsa.key")),
                                    base::load_certificates(pki.path("tsa.pem")), data);
    }
    std::vector<base::Certificate> anchors(const std::string& name = "ca") const {
        return base::load_certificates(pki.path(name + ".pem"));
    }
    Pki pki;
};

}  // namespace

TEST_CASE("a time stamp is bound to its data and its authority", "[base][timestamp]") {
    const Authority authority;
    const std::time_t now = std::time(nullptr);
    const std::string token = authority.stamp(kData);
    const auto info = base::parse_timestamp(token, "x.cert");
    CHECK(info.authority == "CN=tsa");
    CHECK(std::abs(info.time - now) < 60);
    CHECK(info.serial.size() == 16);
    CHECK_FALSE(info.weak_digest);

    const auto good = base::check_timestamp(token, kData, authority.anchors(), now);
    CHECK(good.fits);
    CHECK(good.trusted);
    CHECK_FALSE(base::check_timestamp(token, kData + "x", authority.anchors(), now).fits);

    authority.pki.make_self_signed("stranger");
    const auto unknown = base::check_timestamp(token, kData, authority.anchors("stranger"), now);
    CHECK(unknown.fits);
    CHECK_FALSE(unknown.trusted);
    CHECK(unknown.reason.find("no chain leads from its authority 'CN=tsa'") == 0);
    const auto nobody = base::check_timestamp(token, kData, {}, now);
    CHECK(nobody.fits);
    CHECK(nobody.reason == "nobody was named who vouches for its authority");
    // The authority's own certificate has expired by then.
    CHECK_FALSE(base::check_timestamp(token, kData, authority.anchors(), now + 60 * kDay).trusted);
}

TEST_CASE("a forged or damaged time stamp never fits", "[base][timestamp][hostile]") {
    const Authority authority;
    const std::string token = authority.stamp(kData);
    const std::time_t now = std::time(nullptr);
    int judged = 0;
    for (std::size_t at = 0; at < token.size(); at += 7) {
        std::string damaged = token;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
        // Some bytes are not signed (names of the container); none may make other data fit.
        bool fits = false;
        try {
            fits = base::check_timestamp(damaged, kData + "x", authority.anchors(), now).fits;
            ++judged;
        } catch (const base::Error& error) {
            CHECK(error.kind() == base::ErrorKind::invalid_input);
        }
        CHECK_FALSE(fits);
    }
    CHECK(judged > 10);
    CHECK(tests::error_of([&] { base::parse_timestamp(token.substr(1), "x.cert"); }).message() ==
          "'x.cert' holds a damaged time stamp");
    CHECK_THROWS_AS(base::parse_timestamp(token + "x", "x.cert"), base::Error);
    CHECK_THROWS_AS(base::parse_timestamp("", "x.cert"), base::Error);
}

TEST_CASE("only a certificate made for time stamping makes time stamps", "[base][timestamp]") {
    const Authority authority;
    const auto error = tests::error_of([&] {
        base::make_timestamp(base::load_private_key(authority.pki.path("ca.key")),
                             authority.anchors(), kData);
    });
    CHECK(error.message() == "the certificate of 'CN=ca' is not made for time stamping");
    CHECK(error.hint().find("extendedKeyUsage=critical,timeStamping") != std::string::npos);
    CHECK_THROWS_AS(
        base::make_timestamp(base::load_private_key(authority.pki.path("ca.key")),
                             base::load_certificates(authority.pki.path("tsa.pem")), kData),
        base::Error);
}

TEST_CASE("openssl agrees with our time stamps", "[base][timestamp]") {
    const Authority authority;
    base::write_file(authority.pki.path("data"), kData);
    base::write_file(authority.pki.path("token"), authority.stamp(kData));
    authority.pki.openssl(
        {"ts", "-verify", "-data", "data", "-in", "token", "-token_in", "-CAfile", "ca.pem"});
}

TEST_CASE("a time stamp travels as a PEM block between others", "[base][timestamp]") {
    const Authority authority;
    const std::string token = authority.stamp(kData);
    const std::string text =
        base::read_file(authority.pki.path("ca.pem")) + base::timestamp_to_pem(token);
    CHECK(text.find("-----BEGIN TIMESTAMP TOKEN-----") != std::string::npos);
    CHECK(base::find_timestamp_pem(text) == token);
    CHECK(base::find_timestamp_pem(base::read_file(authority.pki.path("ca.pem"))) == std::nullopt);
    // What reads certificates passes over it.
    CHECK(base::parse_certificates(text, "x.cert").size() == 1);
}
