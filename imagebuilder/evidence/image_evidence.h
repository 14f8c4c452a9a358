// SPDX-License-Identifier: Apache-2.0
// The evidence of one image, kept beside it in the store: bills of materials, the statement of its
// provenance, and the lock file that builds it again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/evidence/license/read_licenses.h"
#include "imagebuilder/evidence/lock_file.h"
#include "imagebuilder/evidence/package_index.h"
#include "imagebuilder/plan/planned_step.h"
#include "imagebuilder/tarball/tarball.h"
#include "imagebuilder/tree/finish.h"

namespace imagebuilder {

struct TreePackages {
    std::string vendor;        // os-release's ID: "debian"
    std::string distribution;  // "debian-12"
    std::vector<InstalledPackage> installed;
    std::vector<InstalledPackage> used;  // those, and what steps installed and removed again
    PackageLicenses licenses;            // of the installed ones
};

// "name version architecture" of everything that a dpkg.log says was unpacked.
std::vector<std::string> packages_of_dpkg_log(std::string_view text);

// What a tree says of its packages, in texts.
struct PackageTexts {
    std::string vendor;                  // os-release's ID
    std::string version;                 // its VERSION_ID
    std::vector<std::string> installed;  // "name version architecture"
    std::string log;                     // dpkg.log
    PackageLicenses licenses;            // of the installed ones
};
TreePackages make_tree_packages(PackageTexts texts, const AptIndex& apt,
                                const std::optional<LockFile>& lock);

// Before the seal, which removes the logs. Packages are looked up in the lock, else in the index.
TreePackages read_tree_packages(const StepContext& context, const AptIndex& apt,
                                const std::optional<LockFile>& lock);

// The host's programs whose bytes end up in images, by their digests.
std::map<std::string, std::string> image_tools(const std::optional<GuestFiles>& guest, bool uefi);

struct EvidenceSubject {
    const Recipe* recipe = nullptr;
    const std::vector<PlannedStep>* steps = nullptr;
    std::string identity;  // digest of all inputs but the archives' state
    std::string release;   // of the archives; empty: none
    std::string sources;   // apt's
    std::int64_t epoch = 0;
    TreePackages packages;
    std::map<std::string, std::string> tools;
    std::optional<Tarball> tarball;  // that it began with
    std::string disk_sha256;
    std::string kernel_sha256;
    std::string initrd_sha256;
};

// Names of the files in an image's folder.
inline constexpr const char* kSpdxFile = "sbom.spdx.json";
inline constexpr const char* kCycloneDxFile = "sbom.cdx.json";
inline constexpr const char* kStatementFile = "provenance.json";
inline constexpr const char* kLockFile = "recipe.lock";

// No lock file is written when a package is in no index: nothing could fetch it again.
void write_evidence(const std::filesystem::path& folder, const EvidenceSubject& subject);

}  // namespace imagebuilder
