// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/cache/cache.h"

#include <algorithm>
#include <ctime>
#include <map>

#include "base/file.h"
#include "imagebuilder/cache/cache_lock.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

bool is_kept_layer(const CacheEntry& entry) {
    return entry.kind == CacheKind::layer;
}

// Layers by key, with the last use of those above them and how many are below.
class LayerTree {
  public:
    explicit LayerTree(const std::vector<CacheEntry>& entries) {
        for (const CacheEntry& entry : entries) {
            if (is_kept_layer(entry)) {
                layers_[entry.name] = &entry;
            }
        }
        for (const auto& [key, layer] : layers_) {
            for (const CacheEntry* at = layer; at != nullptr; at = below(*at)) {
                last_use_[at->name] = std::max(last_use_[at->name], layer->last_use);
                ++depth_[key];
            }
        }
    }
    std::int64_t last_use(const CacheEntry& entry) const {
        return is_kept_layer(entry) ? last_use_.at(entry.name) : entry.last_use;
    }
    int depth(const CacheEntry& entry) const {
        return is_kept_layer(entry) ? depth_.at(entry.name) : 0;
    }

  private:
    const CacheEntry* below(const CacheEntry& entry) const {
        const auto found = layers_.find(entry.below);
        return found == layers_.end() ? nullptr : found->second;
    }

    std::map<std::string, const CacheEntry*> layers_;
    std::map<std::string, std::int64_t> last_use_;
    std::map<std::string, int> depth_;
};

void remove_lock_files(const fs::path& folder) {
    std::vector<fs::path> locks;
    if (fs::is_directory(folder)) {
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (entry.path().extension() == ".lock") {
                locks.push_back(entry.path());
            }
        }
    }
    for (const fs::path& lock : locks) {
        base::remove_all(lock);
    }
}

}  // namespace

std::string_view to_string(CacheKind kind) {
    switch (kind) {
        case CacheKind::layer: return "layer";
        case CacheKind::image: return "image";
        case CacheKind::package: return "packages";
        case CacheKind::bootstrap: return "bootstrap packages";
        case CacheKind::index: return "package index";
        case CacheKind::source: return "fetched source";
        case CacheKind::tree: return "tree of a disk";
        case CacheKind::memory: return "last build";
        case CacheKind::leftover: return "leftover";
    }
    return "leftover";
}

std::vector<CacheEntry> choose_to_prune(const std::vector<CacheEntry>& entries,
                                        const PrunePolicy& policy, std::int64_t now) {
    const LayerTree layers(entries);
    // The longest unused first; of layers that were used together, the upper one.
    std::vector<const CacheEntry*> order;
    std::uint64_t left = 0;
    for (const CacheEntry& entry : entries) {
        order.push_back(&entry);
        left += entry.bytes;
    }
    std::stable_sort(order.begin(), order.end(), [&](const CacheEntry* a, const CacheEntry* b) {
        const bool a_kept = a->kind != CacheKind::leftover;
        const bool b_kept = b->kind != CacheKind::leftover;
        if (a_kept != b_kept) {
            return b_kept;
        }
        const auto age = [&](const CacheEntry& entry) {
            return std::pair(layers.last_use(entry), -layers.depth(entry));
        };
        return age(*a) < age(*b);
    });
    std::vector<CacheEntry> chosen;
    for (const CacheEntry* entry : order) {
        const bool is_old =
            policy.older_than && layers.last_use(*entry) < now - policy.older_than->count();
        const bool is_too_much = policy.max_bytes && left > *policy.max_bytes;
        if (policy.all || is_old || is_too_much || entry->kind == CacheKind::leftover) {
            chosen.push_back(*entry);
            left -= entry->bytes;
        }
    }
    return chosen;
}

PruneResult prune_cache(const PrunePolicy& policy, bool dry_run, std::chrono::milliseconds wait) {
    std::optional<CacheAlone> alone;
    if (!dry_run) {
        alone.emplace(wait);
    }
    const std::vector<CacheEntry> entries = list_cache();
    PruneResult result;
    result.removed = choose_to_prune(entries, policy, std::time(nullptr));
    for (const CacheEntry& entry : entries) {
        result.kept_bytes += entry.bytes;
    }
    for (const CacheEntry& entry : result.removed) {
        result.removed_bytes += entry.bytes;
        result.kept_bytes -= entry.bytes;
        for (const fs::path& path : entry.paths) {
            if (!dry_run) {
                base::remove_all(path);
            }
        }
    }
    if (!dry_run) {  // nobody holds one now
        remove_lock_files(base::cache_dir() / "layers");
        remove_lock_files(base::cache_dir() / "images");
        remove_lock_files(base::cache_dir() / "trees");
        remove_lock_files(base::cache_dir() / "sources");
    }
    return result;
}

}  // namespace imagebuilder
