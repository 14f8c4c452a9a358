// SPDX-License-Identifier: Apache-2.0
// What reading a package has proved, as a plain value: what was checked, by whom it is signed, what
// was odd. Made by read_package(); printed by `muster verify`, stored with an import.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace ovfkit {

struct PackageMember {
    std::string name;
    std::uint64_t size = 0;
    std::string sha256;
    bool in_manifest = false;  // and its digest was compared
};

// partial: what was compared holds, but not everything could be (a lax reading only).
enum class CheckState { absent, ok, partial, failed };
std::string_view to_string(CheckState state);

struct ManifestReport {
    CheckState state = CheckState::absent;
    std::string name;
    std::vector<std::string> algorithms;  // "SHA256"
    std::vector<std::string> unlisted;    // members that no digest covers
};

// An RFC 3161 time stamp of the signature.
struct TimestampReport {
    CheckState state = CheckState::absent;  // ok: it is its authority's, over this signature
    std::time_t time = 0;
    std::string authority;
    std::string serial;
    bool trusted = false;  // a chain to the trust file for authorities
    std::string why_not_trusted;
};

struct SignatureReport {
    CheckState state = CheckState::absent;  // ok: the signature fits the manifest and certificate
    std::string name;                       // of the .cert member
    std::string algorithm;
    std::string subject;
    std::string issuer;
    std::string fingerprint;  // SHA-256, hex
    std::string key;
    std::time_t not_before = 0;
    std::time_t not_after = 0;
    bool valid_now = false;
    bool self_signed = false;
    bool trusted = false;  // a chain to the trust file: never true without one
    std::string why_not_trusted;
    std::vector<std::string> chain;  // when trusted: subjects from the signer to the anchor
    // The moment for which trust was judged: now, or that of a trusted time stamp.
    std::time_t judged_at = 0;
    TimestampReport timestamp;
};

// Something a person should know. Failures are not findings: they are thrown, or collected.
struct PackageFinding {
    std::string code;  // "weak_digest", "trailing_data", "descriptor_not_first", …
    std::string text;
};

// How the archive is written, as far as other importers care. Counts of members, not of bytes.
struct TarShape {
    std::size_t pax_headers = 0;     // "x" and "g" records (POSIX.1-2001)
    std::size_t gnu_long_names = 0;  // "L" records
    std::size_t gnu_headers = 0;     // magic "ustar  "
    std::size_t old_headers = 0;     // no magic at all (V7)
    std::size_t binary_sizes = 0;    // base-256
    std::size_t blank_owners = 0;    // a user or group name with a blank in it
    std::string first_extended;      // the first member with a pax or long-name record before it
};

struct PackageReport {
    std::string source;
    std::string descriptor_name;
    std::uint64_t total_bytes = 0;
    std::vector<PackageMember> members;  // in stream order, descriptor and manifest too
    // Files that stand there in chunks, put together: `in_manifest` when every chunk is.
    std::vector<PackageMember> joined;
    ManifestReport manifest;
    SignatureReport signature;
    TarShape tar;
    std::vector<PackageFinding> findings;
    std::vector<std::string> failures;  // only with VerifyPolicy::collect_failures
    std::size_t flaws = 0;              // of them: those that a lax reading lets pass

    // A member, or a file in chunks.
    const PackageMember* find_member(std::string_view name) const;
};

base::Json to_json(const PackageReport& report);

// "the package has no manifest: …", "no digest covers 'a', 'b'"; empty when all was compared.
std::string unchecked_sentence(const PackageReport& report);

}  // namespace ovfkit
