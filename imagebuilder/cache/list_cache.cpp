// SPDX-License-Identifier: Apache-2.0
// What is in the folders of the cache.
#include <sys/stat.h>
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "imagebuilder/cache/build_memory.h"
#include "imagebuilder/cache/cache.h"
#include "imagebuilder/cache/layer_store.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

struct FileFacts {
    std::uint64_t bytes = 0;
    std::int64_t modified = 0;
    std::int64_t touched = 0;  // when it was last read or made, as far as the file system tells
};

// What vanishes meanwhile counts nothing.
FileFacts facts_of(const fs::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        return {};
    }
    return {static_cast<std::uint64_t>(info.st_blocks) * 512, info.st_mtim.tv_sec,
            std::max<std::int64_t>(info.st_atim.tv_sec, info.st_ctim.tv_sec)};
}

std::vector<fs::path> entries_of(const fs::path& folder) {
    std::vector<fs::path> paths;
    std::error_code absent;
    for (fs::directory_iterator at(folder, absent), end; !absent && at != end;
         at.increment(absent)) {
        paths.push_back(at->path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::uint64_t bytes_below(const fs::path& path) {
    std::uint64_t bytes = facts_of(path).bytes;
    if (fs::is_directory(fs::symlink_status(path))) {
        for (const fs::path& entry : entries_of(path)) {
            bytes += bytes_below(entry);
        }
    }
    return bytes;
}

CacheEntry make_leftover(const fs::path& path, const std::string& what_for) {
    CacheEntry entry;
    entry.name = path.filename().string();
    entry.what_for = what_for;
    entry.bytes = bytes_below(path);
    entry.last_use = facts_of(path).modified;
    entry.paths = {path};
    return entry;
}

CacheEntry make_layer_entry(const LayerRecord& layer) {
    CacheEntry entry;
    entry.kind = CacheKind::layer;
    entry.name = layer.key;
    entry.what_for = fmt::format("{}: {}", layer.recipe, layer.step);
    entry.below = layer.below_key;
    entry.paths = {layer_record_path(layer.key), layer_tar_path(layer.key),
                   layer_removed_path(layer.key)};
    for (const fs::path& path : entry.paths) {
        entry.bytes += facts_of(path).bytes;
    }
    entry.last_use = facts_of(entry.paths.front()).modified;
    return entry;
}

void list_layers(const fs::path& folder, std::vector<CacheEntry>& entries) {
    std::map<std::string, LayerRecord> layers;
    for (const fs::path& path : entries_of(folder)) {
        if (path.extension() == ".json") {
            if (auto layer = find_layer(path.stem().string())) {
                layers.emplace(layer->key, std::move(*layer));
            }
        }
    }
    // Whether each of them stands on the very layer that it was made on, down to the bootstrap.
    const auto stands = [&](const LayerRecord& layer) {
        const LayerRecord* at = &layer;
        for (std::size_t round = 0; !at->below_key.empty(); ++round) {
            const auto below = layers.find(at->below_key);
            if (below == layers.end() || below->second.id != at->below_id ||
                round > layers.size()) {
                return false;
            }
            at = &below->second;
        }
        return true;
    };
    std::set<fs::path> known;
    for (const auto& [key, layer] : layers) {
        CacheEntry entry = make_layer_entry(layer);
        known.insert(entry.paths.begin(), entry.paths.end());
        if (!stands(layer)) {
            entry.kind = CacheKind::leftover;
            entry.what_for += " (the layer below it is not there)";
        }
        entries.push_back(std::move(entry));
    }
    for (const fs::path& path : entries_of(folder)) {
        if (!known.contains(path) && path.extension() != ".lock") {
            entries.push_back(make_leftover(path, "a layer that is not whole"));
        }
    }
}

// "nginx 1.0.0" out of an image's build record.
std::string describe_image(const fs::path& record) {
    try {
        const base::Json json = base::parse_json(base::read_file(record), record.string());
        return base::require_string(json, "name") + " " + base::require_string(json, "version");
    } catch (const std::exception&) {
        return "";
    }
}

void list_images(const fs::path& folder, std::vector<CacheEntry>& entries) {
    for (const fs::path& path : entries_of(folder)) {
        if (path.extension() == ".lock") {
            continue;
        }
        const fs::path record = path / "build.json";
        const std::string what_for = describe_image(record);
        if (what_for.empty() || path.extension() == ".part") {
            entries.push_back(make_leftover(path, "an image that is not whole"));
            continue;
        }
        CacheEntry entry = make_leftover(path, what_for);
        entry.kind = CacheKind::image;
        entry.paths = {record, path};
        entries.push_back(std::move(entry));
    }
}

void list_packages_in(const fs::path& folder, CacheKind kind, const std::string& group,
                      std::vector<CacheEntry>& entries) {
    for (const fs::path& path : entries_of(folder)) {
        if (path.extension() != ".deb") {
            continue;
        }
        const FileFacts facts = facts_of(path);
        CacheEntry entry;
        entry.kind = kind;
        entry.name = path.filename().string();
        entry.group = group;
        entry.what_for = "packages of " + group;
        entry.bytes = facts.bytes;
        entry.last_use = facts.touched;  // apt gives them the time of their making
        entry.paths = {path};
        entries.push_back(std::move(entry));
    }
}

void list_apt(const fs::path& apt, std::vector<CacheEntry>& entries) {
    for (const fs::path& folder : entries_of(apt)) {
        const std::string group = folder.filename().string();
        list_packages_in(folder / "archives", CacheKind::package, group, entries);
        list_packages_in(folder / "bootstrap", CacheKind::bootstrap, group, entries);
        CacheEntry index;
        index.kind = CacheKind::index;
        index.name = group;
        index.what_for = "packages of " + group;
        // Without its stamp an index is fetched, or a locked one filled, again.
        index.paths = {folder / "fetched", folder / "filled", folder / "lists", folder / "cache",
                       folder / "minimal"};
        for (const fs::path& path : index.paths) {
            index.bytes += bytes_below(path);
        }
        index.last_use = facts_of(folder / "sources.list").modified;  // written by each build
        if (fs::exists(index.paths[0]) || fs::exists(index.paths[1])) {
            entries.push_back(std::move(index));
        }
    }
}

// KEY.tar.zst with KEY.json, which is written last and touched by each use.
void list_trees(const fs::path& folder, std::vector<CacheEntry>& entries) {
    for (const fs::path& path : entries_of(folder)) {
        const std::string name = path.filename().string();
        const std::string key = name.substr(0, name.find('.'));
        const fs::path tar = folder / (key + ".tar.zst");
        const fs::path record = folder / (key + ".json");
        const bool whole = fs::exists(tar) && fs::exists(record);
        if (path.extension() == ".lock" || (whole && path == tar)) {
            continue;
        }
        CacheEntry entry = make_leftover(path, "a tree that is not whole");
        if (whole && path == record) {
            entry.kind = CacheKind::tree;
            entry.name = key;
            entry.what_for = "a recipe that starts from a disk";
            entry.bytes += facts_of(tar).bytes;
            entry.paths = {record, tar};
        }
        entries.push_back(std::move(entry));
    }
}

void list_sources(const fs::path& folder, std::vector<CacheEntry>& entries) {
    for (const fs::path& path : entries_of(folder)) {
        if (path.extension() == ".lock") {
            continue;
        }
        CacheEntry entry = make_leftover(path, "a file that is not whole");
        if (entry.name.size() == 64) {  // the digest of a whole one
            entry.kind = CacheKind::source;
            entry.what_for = "a recipe's source by sha256";
        }
        entry.last_use = facts_of(path).touched;
        entries.push_back(std::move(entry));
    }
}

void list_memories(const fs::path& folder, std::vector<CacheEntry>& entries) {
    for (const fs::path& path : entries_of(folder)) {
        const auto memory = read_memory(path);
        CacheEntry entry = make_leftover(path, "a record that is not whole");
        if (memory) {
            entry.kind = CacheKind::memory;
            entry.what_for = fmt::format("{}, {}", memory->recipe, memory->recipe_file);
        }
        entries.push_back(std::move(entry));
    }
}

}  // namespace

std::vector<CacheEntry> list_cache() {
    const fs::path cache = base::cache_dir();
    std::vector<CacheEntry> entries;
    list_layers(cache / "layers", entries);
    list_images(cache / "images", entries);
    list_apt(cache / "apt", entries);
    list_trees(cache / "trees", entries);
    list_sources(cache / "sources", entries);
    list_memories(cache / "recipes", entries);
    return entries;
}

}  // namespace imagebuilder
