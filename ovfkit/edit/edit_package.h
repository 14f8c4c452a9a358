// SPDX-License-Identifier: Apache-2.0
// Edits a package: the new descriptor first, then everything else as it is, in one pass that checks
// the source against its manifest while it is copied. The result appears under its name only when
// it is complete, also in place; a failure leaves the old one. The manifest is made anew; a
// signature does not survive an edit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/crypto/digest.h"
#include "ovfkit/edit/edit_session.h"
#include "ovfkit/package/certificate.h"
#include "ovfkit/package/inspection.h"

namespace ovfkit::edit {

struct EditPackageOptions {
    std::string input;  // what open_package() takes
    // FILE.ova, "-" for an OVA to standard output, or a folder that does not exist; empty: in place
    std::string output;
    std::vector<std::string> merged;  // packages whose machines join those of the input
    std::vector<EditStep> steps;
    bool dry_run = false;                   // only the difference
    const PackageSigner* signer = nullptr;  // absent: not signed
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;
    std::uint64_t chunk_bytes = 0;  // files in chunks of this size; 0: as they are. Not for merging
    VerifyPolicy policy;
    ProgressCall on_progress;
};

struct EditPackageResult {
    std::string output;  // empty for a dry run
    std::string diff;    // of the descriptor
    std::vector<std::string> notes;
    std::string manifest;   // "renewed (SHA256)": what became of it
    std::string signature;  // "dropped", "made by CN=…", "none"
    bool signature_lost = false;
};

EditPackageResult edit_package(const EditPackageOptions& options);

// One package per machine, FOLDER/ID.ova; the folder must not exist.
struct SplitOptions {
    std::string input;
    std::string folder;
    const PackageSigner* signer = nullptr;
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;
    VerifyPolicy policy;
    ProgressCall on_progress;
};
struct SplitResult {
    std::vector<std::string> files;
    std::vector<std::string> notes;
    bool signature_lost = false;
};
SplitResult split_package(const SplitOptions& options);

}  // namespace ovfkit::edit
