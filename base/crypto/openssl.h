// SPDX-License-Identifier: Apache-2.0
// What the files of base/crypto share of OpenSSL: owners of its objects, its last error as text,
// and what a Certificate and a PrivateKey are inside. Included by .cpp files of this folder only.
#pragma once

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "base/crypto/signature.h"

namespace base {

template <auto Free>
struct OpensslDeleter {
    template <typename T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using BioPtr = std::unique_ptr<BIO, OpensslDeleter<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, OpensslDeleter<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;
using StorePtr = std::unique_ptr<X509_STORE, OpensslDeleter<X509_STORE_free>>;

struct Certificate::State {
    X509Ptr x509;
    CertificateInfo info;
};

struct PrivateKey::State {
    KeyPtr key;
    std::string name;
};

constexpr int kSecurityBits = 112;  // NIST SP 800-57: RSA 2048, EC 224
constexpr int kAuthLevel = 2;       // OpenSSL's name for the same floor, and no SHA-1

// OpenSSL's own words for the last failure; empties its queue.
std::string openssl_reason();
[[noreturn]] void throw_openssl_memory();
BioPtr memory_bio(std::string_view text);  // borrows the text
BioPtr writable_bio();
std::string bio_text(BIO* bio);
std::string name_text(const X509_NAME* name);
std::time_t time_of(const ASN1_TIME* value);
CertificateInfo describe_certificate(X509* x509);
const unsigned char* octets(std::string_view data);

// A store of these anchors, with the rules of every chain of ours: an anchor need not be
// self-signed, keys of at least 112 bits, no SHA-1 or MD5 on the way, everything valid at `now`.
StorePtr store_of(std::span<const Certificate> anchors, std::time_t now);
// Why the chain could not be built, in words.
std::string chain_failure(int code, X509* at, const CertificateInfo& signer);

}  // namespace base
