// SPDX-License-Identifier: Apache-2.0
// The .cert file: the signature of the manifest's bytes in hex on one "SHA256(x.mf)= …" line, and
// the signer's certificate in PEM, then intermediates if any. DSP0243 2.1.1, 5.1. RSA as everyone
// writes it; ECDSA (DER form) and Ed25519 (which hashes with SHA-512 itself and signs the
// manifest's bytes) fit into the same form. After the certificates a PEM block "TIMESTAMP TOKEN"
// may follow: an RFC 3161 time stamp of the signature's bytes (ovfkit/doc/decisions/0001).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/signature.h"

namespace ovfkit {

struct PackageCertificate {
    std::string manifest_name;
    base::DigestAlgorithm algorithm = base::DigestAlgorithm::sha256;
    std::string signature;                   // raw bytes
    std::vector<base::Certificate> chain;    // the signer first
    std::optional<std::string> timestamp;    // the token in DER, over `signature`
    std::vector<std::string> ignored_parts;  // PEM blocks that are neither (PKCS7, CMS)
};

// Throws invalid_input naming the file and what is wrong with it.
PackageCertificate parse_package_certificate(std::string_view text, std::string_view name);

struct PackageSigner {
    base::PrivateKey key;
    std::vector<base::Certificate> chain;  // the signer first, then intermediates
    base::DigestAlgorithm algorithm = base::DigestAlgorithm::sha256;  // Ed25519 has its own
    // The time stamp of a signature's bytes; empty: none is made. May ask over the network.
    std::function<std::string(std::string_view signature)> stamp;
};

// Paths and addresses; empty: not given.
struct SignerFiles {
    std::string key;
    std::string certificate;  // then intermediates if any
    std::string chain;        // more intermediates
    std::string tsa_url;      // either this, or the two below, or none
    std::string tsa_key;
    std::string tsa_certificate;  // then intermediates if any
};
// Loads all and checks that keys and certificates belong together.
PackageSigner load_package_signer(const SignerFiles& files);
PackageSigner load_package_signer(const std::string& key_path, const std::string& certificate_path);

// The text of the .cert file for these manifest bytes.
std::string sign_manifest(std::string_view manifest_bytes, std::string_view manifest_name,
                          const PackageSigner& signer);

}  // namespace ovfkit
