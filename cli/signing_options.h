// SPDX-License-Identifier: Apache-2.0
// The options of every verb that signs: key, certificates, time-stamping authority.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cli/io.h"
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

// --digest sha1|sha256|sha384|sha512
void add_digest_option(CLI::App& verb, base::DigestAlgorithm& digest);

// What will keep others from trusting what is going to be written (`signer` may be null): a weak or
// unfit certificate, SHA-1. Sentences for warn().
std::vector<std::string> signing_doubts(const ovfkit::PackageSigner* signer,
                                        base::DigestAlgorithm digest);
void warn(const std::vector<std::string>& doubts, base::cli::Io& io);

// find_signer() for a package with these digests; its doubts are said.
std::optional<ovfkit::PackageSigner> find_signer_of_package(const SigningOptions& options,
                                                            base::DigestAlgorithm digest,
                                                            base::cli::Io& io);

// "signed by CN=maker (RSA 2048, SHA256), time stamp of 2026-… by CN=tsa"
std::string signature_sentence(const ovfkit::PackageCertificate& certificate);

}  // namespace cli
