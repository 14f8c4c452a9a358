// SPDX-License-Identifier: Apache-2.0
// The .mf file: one digest per file of the package. DSP0243 2.1.1, 5.1. The reader takes every
// dialect seen in the field (openssl, coreutils --tag, OpenSSL 3 names, CRLF, upper-case digests);
// the writer writes the one form that every importer takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/digest.h"

namespace ovfkit {

struct ManifestEntry {
    std::string file;
    base::DigestAlgorithm algorithm = base::DigestAlgorithm::sha256;
    std::string digest;  // lower-case hex
};

struct Manifest {
    std::vector<ManifestEntry> entries;
    std::vector<std::string>
        ignored_lines;  // only filled by a lax reading: what was not understood

    const ManifestEntry* find(std::string_view file) const;
};

// Strict: a line that is not understood, an unknown algorithm, a digest of the wrong length or a
// file listed twice is invalid_input naming the line. Lax: lines not understood are set aside.
Manifest parse_manifest(std::string_view text, std::string_view name, bool lax = false);
std::string format_manifest(const Manifest& manifest);

// One "ALGORITHM(file)= value" line in any dialect; false when it is none. Shared with .cert.
struct DigestLine {
    std::string algorithm;
    std::string file;
    std::string value;
};
bool parse_digest_line(std::string_view line, DigestLine& result);

}  // namespace ovfkit
