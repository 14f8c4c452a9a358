// SPDX-License-Identifier: Apache-2.0
// Signs a package that exists. An OVA is streamed into a new one (checked against its manifest in
// the same pass) which replaces it in one step; of a folder only manifest and certificate change.
// A manifest that is there is kept byte for byte unless a new one is wanted: the signature is over
// its bytes. A signature that was there is replaced, whatever it was worth.
#pragma once

#include <optional>
#include <string>

#include "ovfkit/package/certificate.h"
#include "ovfkit/package/inspection.h"
#include "ovfkit/package/package_report.h"

namespace ovfkit {

struct SignRequest {
    std::string location;  // as for open_package()
    std::string output;    // an OVA, "-" for standard output; empty: in place (a file or folder)
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;  // of a new manifest
    bool renew_manifest = false;  // the old one is not even looked at
    // With trust, what is there already must be signed by somebody trusted. Otherwise that
    // signature is not looked at.
    VerifyPolicy policy;
    ProgressCall on_progress;
};

struct SignResult {
    std::string output;
    PackageReport source;  // what reading has proved; without a manifest it proves nothing
    bool manifest_made = false;
    std::string manifest_name;
    PackageCertificate certificate;  // as it was written
};

// Nothing is left behind when it throws.
SignResult sign_package(const SignRequest& request, const PackageSigner& signer);

}  // namespace ovfkit
