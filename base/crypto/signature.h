// SPDX-License-Identifier: Apache-2.0
// X.509 certificates, private keys and detached signatures by OpenSSL. Everything is PEM. A broken
// signature is a `false`, an untrusted signer a reason in words; unusable keys and files throw.
// Values are immutable after loading and may be shared between threads.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/digest.h"

namespace base {

struct CertificateInfo {
    std::string subject;      // RFC 2253, "CN=Example signer,O=Example"
    std::string issuer;       // likewise
    std::string fingerprint;  // SHA-256 of the DER form, lower-case hex
    std::string key;          // "RSA 3072", "EC prime256v1", "ED25519"
    bool weak_key = false;    // below 112 bits of security: RSA < 2048, EC < 224
    bool self_signed = false;
    std::time_t not_before = 0;
    std::time_t not_after = 0;
};

class Certificate {
  public:
    const CertificateInfo& info() const;
    std::string pem() const;

    struct State;
    explicit Certificate(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    const State& state() const { return *state_; }

  private:
    std::shared_ptr<const State> state_;
};

class PrivateKey {
  public:
    struct State;
    explicit PrivateKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    const State& state() const { return *state_; }

  private:
    std::shared_ptr<const State> state_;
};

// Every CERTIFICATE block of the text, at least one; other text between blocks is skipped.
std::vector<Certificate> parse_certificates(std::string_view pem, std::string_view name);
std::vector<Certificate> load_certificates(const std::filesystem::path& path);
// Keys protected by a passphrase are refused with the command that removes it.
PrivateKey parse_private_key(std::string_view pem, std::string_view name);
PrivateKey load_private_key(const std::filesystem::path& path);

// Throws invalid_input when the key is not the one the certificate was made for.
void require_key_matches(const PrivateKey& key, const Certificate& certificate);

// RSA: PKCS #1 v1.5; EC: ECDSA in DER form; Ed25519 signs the data itself, whatever `algorithm`.
std::string sign(const PrivateKey& key, DigestAlgorithm algorithm, std::string_view data);
bool verify_signature(const Certificate& signer, DigestAlgorithm algorithm, std::string_view data,
                      std::string_view signature);

std::string format_utc_date(std::time_t time);  // "2026-11-20 22:30:00 UTC"

}  // namespace base
