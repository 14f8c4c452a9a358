// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/openssl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <fmt/format.h>

#include "base/error.h"

namespace base {

namespace {

std::string key_text(EVP_PKEY* key) {
    const char* type = EVP_PKEY_get0_type_name(key);
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        char group[64] = "";
        std::size_t length = 0;
        EVP_PKEY_get_group_name(key, group, sizeof group, &length);
        return fmt::format("EC {}", std::string_view(group, length));
    }
    const bool sized = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    return sized ? fmt::format("{} {}", type, EVP_PKEY_get_bits(key))
                 : std::string(type == nullptr ? "unknown" : type);
}

}  // namespace

std::string openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    ERR_clear_error();
    return reason == nullptr ? "no reason given" : reason;
}

void throw_openssl_memory() {
    throw Error(ErrorKind::environment, "OpenSSL has no memory");
}

BioPtr memory_bio(std::string_view text) {
    BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (!bio) {
        throw_openssl_memory();
    }
    return bio;
}

BioPtr writable_bio() {
    BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio) {
        throw_openssl_memory();
    }
    return bio;
}

std::string bio_text(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string name_text(const X509_NAME* name) {
    const BioPtr bio = writable_bio();
    X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    return bio_text(bio.get());
}

std::time_t time_of(const ASN1_TIME* value) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(value, &parts) != 1) {
        return 0;
    }
    return ::timegm(&parts);
}

CertificateInfo describe_certificate(X509* x509) {
    CertificateInfo info;
    info.subject = name_text(X509_get_subject_name(x509));
    info.issuer = name_text(X509_get_issuer_name(x509));
    unsigned char* der = nullptr;
    const int size = i2d_X509(x509, &der);
    if (size > 0) {
        // SAFETY: OpenSSL's buffer of `size` octets, seen as chars.
        info.fingerprint = digest_hex(
            DigestAlgorithm::sha256,
            std::string_view(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)));
        OPENSSL_free(der);
    }
    EVP_PKEY* key = X509_get0_pubkey(x509);
    info.key = key == nullptr ? "unknown" : key_text(key);
    info.weak_key = key == nullptr || EVP_PKEY_get_security_bits(key) < kSecurityBits;
    info.self_signed = X509_self_signed(x509, 1) == 1;
    info.not_before = time_of(X509_get0_notBefore(x509));
    info.not_after = time_of(X509_get0_notAfter(x509));
    ERR_clear_error();
    return info;
}

const unsigned char* octets(std::string_view data) {
    // SAFETY: the same octets, as OpenSSL wants to see them.
    return reinterpret_cast<const unsigned char*>(data.data());
}

StorePtr store_of(std::span<const Certificate> anchors, std::time_t now) {
    StorePtr store(X509_STORE_new());
    if (!store) {
        throw_openssl_memory();
    }
    for (const Certificate& anchor : anchors) {
        X509_STORE_add_cert(store.get(), anchor.state().x509.get());  // counts a reference
    }
    X509_VERIFY_PARAM* rules = X509_STORE_get0_param(store.get());
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_auth_level(rules, kAuthLevel);
    X509_VERIFY_PARAM_set_time(rules, now);
    return store;
}

std::string chain_failure(int code, X509* at, const CertificateInfo& signer) {
    const std::string subject =
        at == nullptr ? signer.subject : name_text(X509_get_subject_name(at));
    switch (code) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return fmt::format(
                "the certificate of '{}' expired on {}", subject,
                at == nullptr ? "?" : format_utc_date(time_of(X509_get0_notAfter(at))));
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return fmt::format(
                "the certificate of '{}' is not valid before {}", subject,
                at == nullptr ? "?" : format_utc_date(time_of(X509_get0_notBefore(at))));
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return fmt::format("'{}' signed its own certificate, which is not in the trust file",
                               subject);
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return fmt::format("'{}' was certified by '{}', and no chain leads to the trust file",
                               signer.subject, signer.issuer);
        default:
            return fmt::format("the certificate of '{}' is refused: {}", subject,
                               X509_verify_cert_error_string(code));
    }
}

}  // namespace base
