// SPDX-License-Identifier: Apache-2.0
// A package in a folder (descriptor, files, perhaps manifest and certificate) to an OVA. A manifest
// that is there is checked, and kept with its signature byte for byte unless something else is
// asked for; without one it is made. The OVA appears under its name when it is complete.
#pragma once

#include <optional>
#include <string>

#include "ovfkit/package/certificate.h"
#include "ovfkit/package/inspection.h"

namespace ovfkit::edit {

struct PackFolderOptions {
    std::string input;   // the .ovf file, or the folder that holds one
    std::string output;  // "-": standard output
    const PackageSigner* signer = nullptr;
    // A new manifest with this digest; absent: the one that is there is kept, or made by SHA-256.
    std::optional<base::DigestAlgorithm> digest;
    std::uint64_t chunk_bytes = 0;  // files in chunks of this size; 0: as they are
    VerifyPolicy policy;
    ProgressCall on_progress;
};

struct PackFolderResult {
    PackageReport source;
    std::uint64_t bytes = 0;
    std::string manifest;   // "kept (SHA256)", "renewed (SHA512)", "added (SHA256)"
    std::string signature;  // "kept", "made by CN=…", "dropped", "none"
};

PackFolderResult pack_folder(const PackFolderOptions& options);

}  // namespace ovfkit::edit
