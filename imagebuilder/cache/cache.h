// SPDX-License-Identifier: Apache-2.0
// What builds keep in cache_dir(), and what of it can go: layers, images, package indexes, fetched
// packages, records of last builds. list_cache() looks, choose_to_prune() decides, prune_cache()
// removes. What is removed is only slower the next time; a kill in the middle leaves a cache that
// works.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

enum class CacheKind {
    layer,      // what a step changed
    image,      // a finished image with its kernel, initrd and record
    package,    // a Debian package fetched for the steps
    bootstrap,  // a Debian package fetched for the bootstrap
    index,      // of packages
    source,     // a tarball, disk or CD that a recipe starts from, fetched from the web
    tree,       // of a disk that a recipe starts from
    memory,     // what the last build of a recipe was made of
    leftover,   // of a build that was killed, or of another version: nobody can use it
};
std::string_view to_string(CacheKind kind);

struct CacheEntry {
    CacheKind kind = CacheKind::leftover;
    std::string name;   // within its kind: a key, a file name
    std::string group;  // "bookworm": entries that people see as one; empty: it stands for itself
    std::string what_for;
    std::uint64_t bytes = 0;
    std::int64_t last_use = 0;  // seconds since 1970
    std::string below;          // of a layer: the key of the one that it cannot be used without
    std::vector<std::filesystem::path> paths;  // in the order in which they are removed
};

// Layers that were not made on the one that is there now are leftovers too.
std::vector<CacheEntry> list_cache();

struct PrunePolicy {
    std::optional<std::chrono::seconds> older_than;  // since the last use
    std::optional<std::uint64_t> max_bytes;  // what may be left; the longest unused go first
    bool all = false;
};

// What goes: leftovers in any case. A layer counts as used when one above it was, and never stays
// without the one below it.
std::vector<CacheEntry> choose_to_prune(const std::vector<CacheEntry>& entries,
                                        const PrunePolicy& policy, std::int64_t now);

struct PruneResult {
    std::vector<CacheEntry> removed;
    std::uint64_t removed_bytes = 0;
    std::uint64_t kept_bytes = 0;
};

// dry_run: only says what would go. Throws conflict when builds go on using the cache.
PruneResult prune_cache(const PrunePolicy& policy, bool dry_run,
                        std::chrono::milliseconds wait = std::chrono::seconds(5));

}  // namespace imagebuilder
