// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/signature.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/crypto/openssl.h"
#include "base/error.h"
#include "base/file.h"

namespace base {

namespace {

using ContextPtr = std::unique_ptr<EVP_MD_CTX, OpensslDeleter<EVP_MD_CTX_free>>;

constexpr std::uint64_t kPemLimit = 1U << 20U;

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

// Called by OpenSSL for an encrypted key. Refusing (never asking on the terminal) makes it fail.
int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* user) {
    *static_cast<bool*>(user) = true;
    return -1;
}

}  // namespace

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
        CertificateInfo info = describe_certificate(x509);
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

std::string format_utc_date(std::time_t time) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(time));
}

}  // namespace base
