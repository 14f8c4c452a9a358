// SPDX-License-Identifier: Apache-2.0
#include "cli/signing_options.h"

#include <CLI/CLI.hpp>

#include "base/error.h"

namespace cli {

void add_signing_options(CLI::App& verb, SigningOptions& options) {
    verb.add_option("--key", options.key, "private key in PEM: the package is signed")
        ->type_name("FILE");
    verb.add_option("--cert", options.certificate,
                    "certificate of the key in PEM, then intermediates if any")
        ->type_name("FILE");
}

std::optional<ovfkit::PackageSigner> find_signer(const SigningOptions& options) {
    if (options.key.empty() != options.certificate.empty()) {
        throw base::Error(base::ErrorKind::usage,
                          "a package is signed with a key and its certificate: one is missing",
                          "give both --key and --cert");
    }
    if (options.key.empty()) {
        return std::nullopt;
    }
    return ovfkit::load_package_signer(options.key, options.certificate);
}

void add_digest_option(CLI::App& verb, base::DigestAlgorithm& digest) {
    verb.add_option_function<std::string>(
            "--digest",
            [&digest](const std::string& name) {
                digest = base::find_digest_algorithm(name).value_or(digest);
            },
            "digest of the manifest: sha256 (every importer), sha384, sha512")
        ->check(CLI::IsMember({"sha256", "sha384", "sha512"}, CLI::ignore_case))
        ->type_name("NAME");
}

}  // namespace cli
