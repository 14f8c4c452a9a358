// SPDX-License-Identifier: Apache-2.0
#include "cli/signing_options.h"

#include <ctime>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/cli/io.h"
#include "base/crypto/timestamp.h"
#include "base/crypto/trust.h"
#include "base/error.h"

namespace cli {

void add_signing_options(CLI::App& verb, SigningOptions& options) {
    ovfkit::SignerFiles& files = options.files;
    verb.add_option("--key", files.key, "private key in PEM: the package is signed")
        ->type_name("FILE");
    verb.add_option("--cert", files.certificate,
                    "certificate of the key in PEM, then intermediates if any")
        ->type_name("FILE");
    verb.add_option("--chain", files.chain, "more intermediate certificates in PEM")
        ->type_name("FILE");
    verb.add_option("--tsa", files.tsa_url,
                    "ask this time-stamping authority (RFC 3161): the signature then outlives its "
                    "certificate")
        ->type_name("URL");
    verb.add_option("--tsa-key", files.tsa_key, "be the time-stamping authority with this key")
        ->type_name("FILE");
    verb.add_option("--tsa-cert", files.tsa_certificate,
                    "certificate of --tsa-key, then intermediates if any")
        ->type_name("FILE");
}

std::optional<ovfkit::PackageSigner> find_signer(const SigningOptions& options) {
    const ovfkit::SignerFiles& files = options.files;
    const auto require = [](bool fits, const char* what, const char* remedy) {
        if (!fits) {
            throw base::Error(base::ErrorKind::usage, what, remedy);
        }
    };
    require(files.key.empty() == files.certificate.empty(),
            "a package is signed with a key and its certificate: one is missing",
            "give both --key and --cert");
    require(files.tsa_key.empty() == files.tsa_certificate.empty(),
            "a time-stamping authority has a key and a certificate: one is missing",
            "give both --tsa-key and --tsa-cert");
    require(files.tsa_key.empty() || files.tsa_url.empty(),
            "--tsa and --tsa-key are two ways to the same time stamp", "give one of them");
    if (files.key.empty()) {
        require(files.chain.empty() && files.tsa_url.empty() && files.tsa_key.empty(),
                "there is no signature without a key", "give --key and --cert");
        return std::nullopt;
    }
    return ovfkit::load_package_signer(files);
}

void add_digest_option(CLI::App& verb, base::DigestAlgorithm& digest) {
    verb.add_option_function<std::string>(
            "--digest",
            [&digest](const std::string& name) {
                digest = base::find_digest_algorithm(name).value_or(digest);
            },
            "digest of manifest and signature: sha256 (every importer of today takes it), sha384, "
            "sha512, or sha1 for very old ones")
        ->check(
            CLI::IsMember({"sha1", "sha256", "sha384", "sha512"}, CLI::ignore_case).description(""))
        ->type_name("NAME");
}

std::vector<std::string> signing_doubts(const ovfkit::PackageSigner* signer,
                                        base::DigestAlgorithm digest) {
    std::vector<std::string> doubts;
    if (signer != nullptr) {
        doubts = base::doubts_of_signer(signer->chain.front(), std::time(nullptr));
    }
    if (digest == base::DigestAlgorithm::sha1) {
        doubts.emplace_back("SHA1 digests can be forged");
    }
    return doubts;
}

void warn(const std::vector<std::string>& doubts, base::cli::Io& io) {
    for (const std::string& doubt : doubts) {
        if (!io.quiet) {
            io.err << fmt::format("warning: {}: whoever asks for trust will refuse the package\n",
                                  base::cli::printable_line(doubt));
        }
    }
}

std::optional<ovfkit::PackageSigner> find_signer_of_package(const SigningOptions& options,
                                                            base::DigestAlgorithm digest,
                                                            base::cli::Io& io) {
    std::optional<ovfkit::PackageSigner> signer = find_signer(options);
    if (signer) {
        signer->algorithm = digest;
    }
    warn(signing_doubts(signer ? &*signer : nullptr, digest), io);
    return signer;
}

std::string signature_sentence(const ovfkit::PackageCertificate& certificate) {
    const base::CertificateInfo& signer = certificate.chain.front().info();
    std::string sentence =
        fmt::format("signed by {} ({}, {})", base::cli::printable_line(signer.subject), signer.key,
                    base::to_string(certificate.algorithm));
    if (certificate.timestamp) {
        const base::TimestampInfo stamp = base::parse_timestamp(*certificate.timestamp, "");
        sentence += fmt::format(", time stamp of {} by {}", base::format_utc_date(stamp.time),
                                base::cli::printable_line(stamp.authority));
    }
    return sentence;
}

}  // namespace cli
