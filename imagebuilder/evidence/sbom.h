// SPDX-License-Identifier: Apache-2.0
// The bill of materials of an image: SPDX 2.3 and CycloneDX 1.5, both as JSON. Pure functions of
// their argument: equal images give equal bytes, so times are the image's epoch and ids come from
// its key. Licences are what packages declare of themselves; NOASSERTION where they say nothing
// that is certain, and always for what somebody would have to conclude.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "imagebuilder/evidence/license/read_licenses.h"
#include "imagebuilder/evidence/package_index.h"

namespace imagebuilder {

struct SbomSubject {
    std::string name;     // of the recipe
    std::string version;  // likewise
    std::string description;
    std::string distribution;       // purl's distro: "debian-12"
    std::string vendor = "debian";  // purl's namespace
    std::string file;               // name of the disk
    std::string sha256;             // of the disk
    std::string key;                // digest of all inputs
    std::int64_t epoch = 0;         // seconds since 1970
    std::vector<InstalledPackage> packages;
    PackageLicenses licenses;
};

std::string make_spdx(const SbomSubject& subject);
std::string make_cyclonedx(const SbomSubject& subject);

// "pkg:deb/debian/libc%2B%2B1@1%3A14.0.6-12?arch=amd64&distro=debian-12" (package-url.org).
std::string package_url(const SbomSubject& subject, const InstalledPackage& package);

// "2026-11-26T10:00:00Z"
std::string rfc3339(std::int64_t seconds);

}  // namespace imagebuilder
