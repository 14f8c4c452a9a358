// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_sign.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/crypto/timestamp.h"
#include "base/error.h"
#include "base/progress.h"
#include "cli/package_output.h"
#include "ovfkit/package/sign_package.h"

namespace cli {

namespace {

using base::cli::printable_line;

base::Json to_json(const ovfkit::SignResult& result) {
    const base::CertificateInfo& signer = result.certificate.chain.front().info();
    base::Json json{{"file", result.output},
                    {"manifest", {{"file", result.manifest_name}, {"made", result.manifest_made}}},
                    {"signer",
                     {{"subject", signer.subject},
                      {"fingerprint", signer.fingerprint},
                      {"key", signer.key},
                      {"algorithm", base::to_string(result.certificate.algorithm)},
                      {"not_after", base::format_utc_date(signer.not_after)}}},
                    {"timestamp", nullptr},
                    {"source", to_json(result.source)}};
    if (result.certificate.timestamp) {
        const base::TimestampInfo stamp =
            base::parse_timestamp(*result.certificate.timestamp, result.output);
        json["timestamp"] = {{"time", base::format_utc_date(stamp.time)},
                             {"authority", stamp.authority},
                             {"serial", stamp.serial}};
    }
    return json;
}

void print_result(const ovfkit::SignResult& result, std::ostream& out) {
    out << fmt::format("{}: {}\n", printable_line(result.output),
                       signature_sentence(result.certificate));
    const std::string unchecked = unchecked_sentence(result.source);
    out << fmt::format("manifest   {} {}\n", printable_line(result.manifest_name),
                       result.manifest_made ? "was made anew"
                       : unchecked.empty()  ? "is as it was; every file matches it"
                                            : "is as it was; " + printable_line(unchecked));
    for (const ovfkit::PackageFinding& finding : result.source.findings) {
        if (finding.code != "no_manifest" && finding.code != "not_listed") {
            out << fmt::format("note       {}\n", printable_line(finding.text));
        }
    }
}

}  // namespace

void add_sign(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<SignOptions>();
    CLI::App* verb = app.add_subcommand("sign", "sign a package that exists");
    verb->add_option("FILE", options->location,
                     "an OVA, an .ovf with its files or their folder, - for standard input, or a "
                     "URL")
        ->required();
    verb->add_option("-o,--output", options->output,
                     "the signed OVA, - for standard output; without it FILE itself is replaced, "
                     "in a folder only .mf and .cert");
    add_signing_options(*verb, options->signing);
    add_trust_options(*verb, options->trust);
    add_digest_option(*verb, options->digest);
    verb->add_flag("--renew-manifest", options->renew_manifest,
                   "make a new manifest and do not look at the old one: after the files were "
                   "changed on purpose");
    verb->add_flag("--lax", options->lax,
                   "let flaws of form pass: manifest lines not understood, files not listed");
    verb->footer(
        "A manifest that is there is checked and kept; a signature that is there is replaced, and\n"
        "with --trust only if it is of somebody you trust.\n\n"
        "EXIT STATUS\n"
        "  0 signed; 2 no key, or FILE cannot be replaced; 3 no such file; 4 the package does not\n"
        "  match its manifest, or key and certificate do not fit; 6 no space, no network; 9 the\n"
        "  time-stamping authority refuses. FILE is then as it was\n\n"
        "EXAMPLE\n"
        "  muster sign shop.ova --key key.pem --cert cert.pem --tsa http://timestamp.example.org");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_sign(*options, io); };
    });
}

int run_sign(const SignOptions& options, base::cli::Io& io) {
    std::optional<ovfkit::PackageSigner> signer = find_signer(options.signing);
    if (!signer) {
        throw base::Error(base::ErrorKind::usage, "a signature needs a key and its certificate",
                          "give --key and --cert");
    }
    require_no_terminal(options.output);
    signer->algorithm = options.digest;
    const std::vector<std::string> doubts = signing_doubts(&*signer, options.digest);
    warn(doubts, io);
    ovfkit::SignRequest request;
    request.location = options.location;
    request.output = options.output;
    request.digest = options.digest;
    request.renew_manifest = options.renew_manifest;
    take_trust(options.trust, request.policy);
    request.policy.lax = options.lax;
    const ovfkit::SignResult result = [&] {
        base::ProgressBar bar("signing", 0, io.err_is_terminal && !io.quiet && !io.json);
        request.on_progress = [&](std::uint64_t done, std::uint64_t total) {
            bar.set(done, total);
        };
        return ovfkit::sign_package(request, *signer);
    }();
    std::ostream& out = result_stream(options.output, io);
    if (io.json) {
        base::Json json = to_json(result);
        json["warnings"] = doubts;
        out << base::to_json_text(json, 2) << '\n';
    } else {
        print_result(result, out);
    }
    return 0;
}

}  // namespace cli
