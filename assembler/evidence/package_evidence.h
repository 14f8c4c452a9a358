// SPDX-License-Identifier: Apache-2.0
// The evidence of images on its way through a package. What belongs to a disk NAME-disk.vmdk are
// the members NAME.spdx.json, NAME.cdx.json (bills of materials), NAME.provenance.json (a statement
// in a DSSE envelope) and NAME.recipe.lock: files of References and of the manifest like any other.
// What is read of a package is a stranger's.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "ovfkit/package/certificate.h"
#include "ovfkit/package/package_reader.h"

namespace assembler {

// Texts; empty: there is none.
struct ImageEvidence {
    std::string spdx;
    std::string cyclonedx;
    std::string provenance;
    std::string lock;
};

struct EvidenceKind {
    std::string_view ending;  // of the member's name
    std::string_view text;    // for people
    std::string ImageEvidence::*content;
};
inline constexpr std::array<EvidenceKind, 4> kEvidenceKinds{{
    {".spdx.json", "SPDX", &ImageEvidence::spdx},
    {".cdx.json", "CycloneDX", &ImageEvidence::cyclonedx},
    {".provenance.json", "provenance", &ImageEvidence::provenance},
    {".recipe.lock", "lock file", &ImageEvidence::lock},
}};
inline constexpr std::string_view kEvidenceDisk = "-disk.vmdk";

// What a build left in its folder of the cache.
ImageEvidence evidence_of_build(const std::filesystem::path& folder);
// What `muster build --sbom --provenance` left beside a disk; files that name another disk by its
// digest are left out.
ImageEvidence evidence_beside(const std::filesystem::path& disk);
// Adds the signer's signature to the provenance.
void sign_evidence(ImageEvidence& evidence, const ovfkit::PackageSigner& signer);

enum class ProvenanceState {
    absent,
    not_signed,
    by_signer,  // the one of the package
    by_other,
    damaged,
};

struct PackagedEvidence {
    std::string image;               // "nginx"
    std::vector<std::string> kinds;  // that are there: "SPDX", …
    ImageEvidence texts;             // when they were read
    ProvenanceState provenance = ProvenanceState::absent;
};

// By the names of the members, in their order.
std::vector<PackagedEvidence> list_evidence(const ovfkit::PackageReport& report);

// "nginx: SPDX, CycloneDX, provenance, lock file"
std::string evidence_text(const PackagedEvidence& evidence);
base::Json evidence_json(const std::vector<PackagedEvidence>& evidence);

// A package with the texts of its evidence and whose signatures the statements have. Failures of
// integrity are in the report, and then nothing is said of signatures.
struct EvidenceReading {
    ovfkit::PackageReport report;
    std::vector<PackagedEvidence> evidence;
};
EvidenceReading read_evidence(base::ByteSource& source, const ovfkit::VerifyPolicy& policy,
                              const std::function<void(std::uint64_t, std::uint64_t)>& on_progress);

}  // namespace assembler
