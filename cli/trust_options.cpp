// SPDX-License-Identifier: Apache-2.0
#include "cli/trust_options.h"

#include <CLI/CLI.hpp>

#include "base/crypto/trust.h"

namespace cli {

void add_trust_options(CLI::App& verb, TrustOptions& options) {
    verb.add_option("--trust", options.trust,
                    "PEM file with certificates of signers or authorities you trust, or a folder "
                    "of such files: a package of anyone else, or of nobody, is refused")
        ->type_name("FILE");
    verb.add_flag("--trust-system", options.trust_system,
                  "trust the authorities that the system trusts");
    verb.add_option("--tsa-trust", options.tsa_trust,
                    "likewise for time-stamping authorities: a signature that one of them saw "
                    "while the signer's certificate was valid stays trusted after that")
        ->type_name("FILE");
}

void take_trust(const TrustOptions& options, ovfkit::VerifyPolicy& policy) {
    policy.trust_system = options.trust_system;
    if (!options.trust.empty()) {
        policy.trust_file = options.trust;
    }
    if (!options.tsa_trust.empty()) {
        policy.tsa_trust_file = options.tsa_trust;
    }
}

std::string trust_to_pem(const std::string& file_or_folder) {
    std::string pem;
    if (!file_or_folder.empty()) {
        for (const base::Certificate& certificate : base::load_trust(file_or_folder)) {
            pem += certificate.pem();
        }
    }
    return pem;
}

}  // namespace cli
