// SPDX-License-Identifier: Apache-2.0
// The options of every verb that signs: key, certificates, time-stamping authority.
#pragma once

#include <optional>
#include <string>

#include "base/crypto/digest.h"
#include "ovfkit/package/certificate.h"

namespace CLI {
class App;
}

namespace cli {

struct SigningOptions {
    ovfkit::SignerFiles files;
};

void add_signing_options(CLI::App& verb, SigningOptions& options);
// Absent when no key was given; throws usage for half a pair.
std::optional<ovfkit::PackageSigner> find_signer(const SigningOptions& options);

// --digest sha256|sha384|sha512
void add_digest_option(CLI::App& verb, base::DigestAlgorithm& digest);

// "signed by CN=maker (RSA 2048, SHA256), time stamp of 2026-… by CN=tsa"
std::string signature_sentence(const ovfkit::PackageCertificate& certificate);

}  // namespace cli
