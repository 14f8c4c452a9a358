// SPDX-License-Identifier: Apache-2.0
// A lock file pins what a recipe leaves open: the exact package files that an image was made of, by
// digest, the time that its files get, and the programs of the host that put bytes of their own
// into it. A build with --frozen takes these and nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/evidence/package_index.h"

namespace imagebuilder {

struct LockFile {
    std::string recipe;                        // its name, for messages
    std::string release;                       // "bookworm"; empty: no packages are involved
    std::string sources;                       // apt one-line entries that the packages came from
    std::int64_t epoch = 0;                    // SOURCE_DATE_EPOCH of the build
    std::vector<InstalledPackage> packages;    // by name and architecture; all with a digest
    std::map<std::string, std::string> tools;  // name to SHA-256: "busybox", "muster-guest", …
    std::string image;  // SHA-256 of the qcow2 disk that the lock was made with
};

// JSON, one package a line, so that a difference is readable in a review.
std::string make_lock_text(const LockFile& lock);
// Throws invalid_input naming the file for anything else, wrong digests included.
LockFile parse_lock(std::string_view text, const std::string& name);
LockFile read_lock(const std::string& path);

// What of the lock this host has differently, one sentence each: "busybox is another than …".
std::vector<std::string> differing_tools(const LockFile& lock,
                                         const std::map<std::string, std::string>& tools);

}  // namespace imagebuilder
