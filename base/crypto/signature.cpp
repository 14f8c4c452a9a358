// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/signature.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace base {

namespace {

template <auto Free>
struct Deleter {
    template <typename T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using ContextPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;

constexpr std::uint64_t kPemLimit = 1U << 20U;
constexpr int kSecurityBits = 112;  // NIST SP 800-57: RSA 2048, EC 224
constexpr int kAuthLevel = 2;       // OpenSSL's name for the same floor, and no SHA-1

// OpenSSL's own words for the last failure; empties its queue.
std::string openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    ERR_clear_error();
    return reason == nullptr ? "no reason given" : reason;
}

BioPtr memory_bio(std::string_view text) {
    BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (!bio) {
        throw Error(ErrorKind::environment, "OpenSSL has no memory");
    }
    return bio;
}

std::string bio_text(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string name_text(const X509_NAME* name) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
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

CertificateInfo describe(X509* x509) {
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

bool is_end_of_pem() {
    const unsigned long code = ERR_peek_last_error();
    return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

const EVP_MD* method_of(EVP_PKEY* key, DigestAlgorithm algorithm) {
    const int type = EVP_PKEY_get_base_id(key);
    if (type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448) {
        return nullptr;  // these sign the data, not a digest of it
    }
    const EVP_MD* method = EVP_get_digestbyname(std::string(to_string(algorithm)).c_str());
    if (method == nullptr) {
        throw Error(ErrorKind::environment,
                    fmt::format("OpenSSL refuses {}", to_string(algorithm)));
    }
    return method;
}

// SAFETY: the same octets, as OpenSSL wants to see them.
const unsigned char* octets(std::string_view data) {
    return reinterpret_cast<const unsigned char*>(data.data());
}

// Called by OpenSSL for an encrypted key. Refusing (never asking on the terminal) makes it fail.
int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* user) {
    *static_cast<bool*>(user) = true;
    return -1;
}

}  // namespace

struct Certificate::State {
    X509Ptr x509;
    CertificateInfo info;
};

struct PrivateKey::State {
    KeyPtr key;
    std::string name;
};

const CertificateInfo& Certificate::info() const {
    return state_->info;
}

std::string Certificate::pem() const {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(bio.get(), state_->x509.get()) != 1) {
        throw Error(ErrorKind::internal, "cannot write a certificate: " + openssl_reason());
    }
    return bio_text(bio.get());
}

std::vector<Certificate> parse_certificates(std::string_view pem, std::string_view name) {
    if (pem.size() > kPemLimit) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' is too large for a file of certificates", name));
    }
    const BioPtr bio = memory_bio(pem);
    std::vector<Certificate> certificates;
    ERR_clear_error();
    while (X509* x509 = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
        X509Ptr owned(x509);
        CertificateInfo info = describe(x509);
        certificates.emplace_back(std::make_shared<const Certificate::State>(
            Certificate::State{std::move(owned), std::move(info)}));
    }
    if (!is_end_of_pem()) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' holds a damaged certificate: {}", name, openssl_reason()));
    }
    ERR_clear_error();
    if (certificates.empty()) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' holds no certificate", name),
                    "give a PEM file: it has a line -----BEGIN CERTIFICATE-----");
    }
    return certificates;
}

std::vector<Certificate> load_certificates(const std::filesystem::path& path) {
    return parse_certificates(read_file(path, kPemLimit), path.string());
}

PrivateKey parse_private_key(std::string_view pem, std::string_view name) {
    const BioPtr bio = memory_bio(pem);
    bool encrypted = false;
    ERR_clear_error();
    KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &encrypted));
    if (encrypted) {
        ERR_clear_error();
        throw Error(
            ErrorKind::unsupported, fmt::format("the key '{}' is protected by a passphrase", name),
            fmt::format("write a copy without it: openssl pkey -in {} -out plain-key.pem", name));
    }
    if (!key) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("'{}' holds no private key: {}", name, openssl_reason()),
                    "give a PEM file: it has a line -----BEGIN PRIVATE KEY-----");
    }
    return PrivateKey(std::make_shared<const PrivateKey::State>(
        PrivateKey::State{std::move(key), std::string(name)}));
}

PrivateKey load_private_key(const std::filesystem::path& path) {
    return parse_private_key(read_file(path, kPemLimit), path.string());
}

void require_key_matches(const PrivateKey& key, const Certificate& certificate) {
    const bool same =
        X509_check_private_key(certificate.state().x509.get(), key.state().key.get()) == 1;
    ERR_clear_error();
    if (!same) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the key '{}' does not belong to the certificate of '{}'",
                                key.state().name, certificate.info().subject),
                    "give the key that the certificate was made with");
    }
}

std::string sign(const PrivateKey& key, DigestAlgorithm algorithm, std::string_view data) {
    EVP_PKEY* pkey = key.state().key.get();
    const ContextPtr context(EVP_MD_CTX_new());
    std::size_t size = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, method_of(pkey, algorithm), nullptr, pkey) !=
            1 ||
        EVP_DigestSign(context.get(), nullptr, &size, octets(data), data.size()) != 1) {
        throw Error(ErrorKind::unsupported, fmt::format("the key '{}' cannot sign: {}",
                                                        key.state().name, openssl_reason()));
    }
    std::string signature(size, '\0');
    // SAFETY: our own buffer of `size` octets.
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    if (EVP_DigestSign(context.get(), out, &size, octets(data), data.size()) != 1) {
        throw Error(ErrorKind::environment, fmt::format("signing with '{}' failed: {}",
                                                        key.state().name, openssl_reason()));
    }
    signature.resize(size);
    return signature;
}

bool verify_signature(const Certificate& signer, DigestAlgorithm algorithm, std::string_view data,
                      std::string_view signature) {
    EVP_PKEY* pkey = X509_get0_pubkey(signer.state().x509.get());
    if (pkey == nullptr) {
        ERR_clear_error();
        return false;
    }
    const ContextPtr context(EVP_MD_CTX_new());
    const bool good = EVP_DigestVerifyInit(context.get(), nullptr, method_of(pkey, algorithm),
                                           nullptr, pkey) == 1 &&
                      EVP_DigestVerify(context.get(), octets(signature), signature.size(),
                                       octets(data), data.size()) == 1;
    ERR_clear_error();
    return good;
}

namespace {

StorePtr store_of(std::span<const Certificate> anchors) {
    StorePtr store(X509_STORE_new());
    for (const Certificate& anchor : anchors) {
        X509_STORE_add_cert(store.get(), anchor.state().x509.get());  // counts a reference
    }
    return store;
}

std::string reason_of(X509_STORE_CTX* context, const CertificateInfo& signer) {
    const int code = X509_STORE_CTX_get_error(context);
    X509* at = X509_STORE_CTX_get_current_cert(context);
    const std::string subject =
        at == nullptr ? signer.subject : name_text(X509_get_subject_name(at));
    switch (code) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return fmt::format("the certificate of '{}' expired on {}", subject,
                               format_utc_date(time_of(X509_get0_notAfter(at))));
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return fmt::format("the certificate of '{}' is not valid before {}", subject,
                               format_utc_date(time_of(X509_get0_notBefore(at))));
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

}  // namespace

TrustVerdict check_trust(const Certificate& signer, std::span<const Certificate> intermediates,
                         std::span<const Certificate> anchors, std::time_t now) {
    X509* leaf = signer.state().x509.get();
    if (signer.info().weak_key) {
        return {false, fmt::format("the key of '{}' is too weak ({})", signer.info().subject,
                                   signer.info().key)};
    }
    const std::uint32_t usage = X509_get_key_usage(leaf);  // all ones when the extension is absent
    if ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0) {
        return {false, fmt::format("the certificate of '{}' is not meant for signatures",
                                   signer.info().subject)};
    }
    const StorePtr store = store_of(anchors);
    const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> others(
        sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
    for (const Certificate& certificate : intermediates) {
        sk_X509_push(others.get(), certificate.state().x509.get());
    }
    const StoreContextPtr context(X509_STORE_CTX_new());
    if (!store || !others || !context ||
        X509_STORE_CTX_init(context.get(), store.get(), leaf, others.get()) != 1) {
        throw Error(ErrorKind::environment, "OpenSSL has no memory");
    }
    X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_ANY);
    X509_VERIFY_PARAM_set_auth_level(rules, kAuthLevel);
    X509_VERIFY_PARAM_set_time(rules, now);
    TrustVerdict verdict{X509_verify_cert(context.get()) == 1, ""};
    if (!verdict.trusted) {
        verdict.reason = reason_of(context.get(), signer.info());
    }
    ERR_clear_error();
    return verdict;
}

std::string format_utc_date(std::time_t time) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(time));
}

}  // namespace base
