// SPDX-License-Identifier: Apache-2.0
// The options of every verb that signs.
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
    std::string key;
    std::string certificate;
};

void add_signing_options(CLI::App& verb, SigningOptions& options);
// Absent when no key was given; throws usage for half a pair.
std::optional<ovfkit::PackageSigner> find_signer(const SigningOptions& options);

// --digest sha256|sha384|sha512
void add_digest_option(CLI::App& verb, base::DigestAlgorithm& digest);

}  // namespace cli
