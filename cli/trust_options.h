// SPDX-License-Identifier: Apache-2.0
// The options of every verb that reads a package: whom the user trusts to have signed it, and whom
// to have seen the signature in time.
#pragma once

#include <string>

#include "ovfkit/package/package_reader.h"

namespace CLI {
class App;
}

namespace cli {

// Each a PEM file or a folder of such files; empty: not given.
struct TrustOptions {
    std::string trust;
    bool trust_system = false;
    std::string tsa_trust;
};

void add_trust_options(CLI::App& verb, TrustOptions& options);
void take_trust(const TrustOptions& options, ovfkit::VerifyPolicy& policy);

// All certificates of a file or folder as one PEM text, for the daemon; "" for "".
std::string trust_to_pem(const std::string& file_or_folder);

}  // namespace cli
