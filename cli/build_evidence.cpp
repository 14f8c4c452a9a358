// SPDX-License-Identifier: Apache-2.0
#include "cli/build_evidence.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/file.h"
#include "cli/boot_test.h"
#include "imagebuilder/evidence/image_evidence.h"
#include "imagebuilder/evidence/provenance.h"

namespace cli {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* kDefaultLock = "recipe.lock";

struct EvidenceSigner {
    base::PrivateKey key;
    base::Certificate certificate;
};

EvidenceSigner load_evidence_signer(const EvidenceOptions& options) {
    EvidenceSigner signer{base::load_private_key(options.key),
                          base::load_certificates(options.certificate).front()};
    base::require_key_matches(signer.key, signer.certificate);
    return signer;
}

}  // namespace

void add_evidence_options(CLI::App& verb, EvidenceOptions& options) {
    verb.add_flag("--lock", options.lock,
                  "write a lock file: the exact packages, by digest, and the time of the build");
    verb.add_flag("--frozen", options.frozen,
                  "build with the lock file: the same packages, the same bytes, or an error");
    verb.add_option("--lock-file", options.lock_file,
                    "the lock file; default: recipe.lock beside the recipe")
        ->type_name("FILE");
    verb.add_flag("--sbom", options.sbom,
                  "write bills of materials too: FILE.spdx.json and FILE.cdx.json");
    verb.add_flag("--provenance", options.provenance,
                  "write FILE.provenance.json, an in-toto statement signed with --key");
    verb.add_flag("--boot-test", options.boot_test,
                  "boot the disk on our runtime: its agent has to answer and its ports to be open; "
                  "writes FILE.bootproof.json");
    verb.add_option("--boot-port", options.boot_ports, "a port that --boot-test wants to see open")
        ->type_name("PORT")
        ->check(CLI::Range(1, 65535))
        ->take_all();
    verb.add_option("--junit", options.junit, "the checks of --boot-test for a CI, as JUnit's XML")
        ->type_name("FILE");
    verb.add_option("--key", options.key, "private key in PEM for --provenance")->type_name("FILE");
    verb.add_option("--cert", options.certificate, "certificate of the key")->type_name("FILE");
}

void check_evidence_options(const EvidenceOptions& options) {
    if (options.lock && options.frozen) {
        throw Error(ErrorKind::usage, "--lock makes a lock file, --frozen builds with one",
                    "give one of them");
    }
    if (!options.lock_file.empty() && !options.lock && !options.frozen) {
        throw Error(ErrorKind::usage, "--lock-file names a file for --lock or --frozen",
                    "give one of them too");
    }
    if (!options.boot_test && (!options.boot_ports.empty() || !options.junit.empty())) {
        throw Error(ErrorKind::usage, "--boot-port and --junit belong to --boot-test",
                    "give --boot-test too");
    }
    if (!options.provenance) {
        if (!options.key.empty() || !options.certificate.empty()) {
            throw Error(ErrorKind::usage, "--key and --cert sign the provenance",
                        "give --provenance too; an assembly is signed by 'muster pack'");
        }
        return;
    }
    if (options.key.empty() || options.certificate.empty()) {
        throw Error(ErrorKind::usage, "provenance is signed with a key and its certificate",
                    "give both --key and --cert");
    }
    load_evidence_signer(options);
}

fs::path lock_path(const EvidenceOptions& options, const fs::path& recipe) {
    if (!options.lock_file.empty()) {
        return options.lock_file;
    }
    return (fs::is_directory(recipe) ? recipe : recipe.parent_path()) / kDefaultLock;
}

std::vector<fs::path> write_evidence_files(const EvidenceOptions& options, const fs::path& recipe,
                                           const fs::path& output,
                                           const imagebuilder::BuiltImage& image) {
    std::vector<fs::path> written;
    const auto write = [&](const fs::path& path, const std::string& text) {
        base::write_file(path, text);
        written.push_back(path);
    };
    const auto beside = [&](const char* extension) {
        return fs::path(output).replace_extension(extension);
    };
    if (options.lock) {
        const fs::path lock = image.evidence / imagebuilder::kLockFile;
        if (!fs::exists(lock)) {
            throw Error(ErrorKind::unsupported,
                        fmt::format("'{}' has packages that no index of apt names", image.name),
                        "install them from an apt source of this host instead of from files");
        }
        write(lock_path(options, recipe), base::read_file(lock));
    }
    if (options.sbom) {
        write(beside(".spdx.json"), base::read_file(image.evidence / imagebuilder::kSpdxFile));
        write(beside(".cdx.json"), base::read_file(image.evidence / imagebuilder::kCycloneDxFile));
    }
    if (options.provenance) {
        const EvidenceSigner signer = load_evidence_signer(options);
        write(beside(".provenance.json"),
              imagebuilder::sign_envelope(
                  base::read_file(image.evidence / imagebuilder::kStatementFile),
                  imagebuilder::kInTotoPayload, signer.key, signer.certificate));
    }
    return written;
}

std::vector<fs::path> prove_boot(const EvidenceOptions& options, const fs::path& output,
                                 const imagebuilder::BuiltImage& image, base::cli::Io& io) {
    if (!options.boot_test) {
        return {};
    }
    BootTestOptions test;
    test.ports.assign(options.boot_ports.begin(), options.boot_ports.end());
    const BootProof proof = run_boot_test(image, test, io);
    std::vector<fs::path> written{fs::path(output).replace_extension(".bootproof.json")};
    base::write_file(written.back(), base::to_json_text(to_json(proof), 2) + "\n");
    if (!options.junit.empty()) {
        written.emplace_back(options.junit);
        base::write_file(written.back(), to_junit(proof));
    }
    for (const BootCheck& check : proof.checks) {
        if (!check.passed) {
            throw Error(
                ErrorKind::external,
                fmt::format("the boot test of '{}': {}: {}", image.name, check.name, check.text),
                fmt::format("the checks are in '{}'; the console of a machine that did not "
                            "come up is in muster's data folder, below 'failed'",
                            written.front().string()));
        }
        if (!io.quiet) {
            io.err << fmt::format("{} after {:.1f} s\n", check.name, check.seconds);
        }
    }
    return written;
}

}  // namespace cli
