// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/cache/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <algorithm>
#include <ctime>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/cache/cache_lock.h"
#include "imagebuilder/cache/layer_store.h"
#include "imagebuilder/image_store.h"
#include "tests/support/cache_folder.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr std::int64_t kNow = 1'000'000;
constexpr seconds kWeek{7 * 24 * 3600};

CacheEntry entry_of(CacheKind kind, const std::string& name, std::uint64_t bytes, seconds age,
                    const std::string& below = "") {
    CacheEntry entry;
    entry.kind = kind;
    entry.name = name;
    entry.bytes = bytes;
    entry.last_use = kNow - age.count();
    entry.below = below;
    return entry;
}

std::string names_of(const std::vector<CacheEntry>& entries) {
    std::string names;
    for (const CacheEntry& entry : entries) {
        names += (names.empty() ? "" : " ") + entry.name;
    }
    return names;
}

// base <- a <- b, base <- c
std::vector<CacheEntry> example() {
    return {entry_of(CacheKind::layer, "base", 100, seconds(900)),
            entry_of(CacheKind::layer, "a", 10, seconds(800), "base"),
            entry_of(CacheKind::layer, "b", 10, seconds(100), "a"),
            entry_of(CacheKind::layer, "c", 10, seconds(700), "base"),
            entry_of(CacheKind::image, "image", 50, seconds(500)),
            entry_of(CacheKind::leftover, "left", 1, seconds(0))};
}

std::string chosen(const PrunePolicy& policy) {
    return names_of(choose_to_prune(example(), policy, kNow));
}

void make_layer(const std::string& key, const std::string& id, const std::string& below_key = "",
                const std::string& below_id = "") {
    LayerRecord record;
    record.key = key;
    record.id = id;
    record.below_key = below_key;
    record.below_id = below_id;
    record.step = "run: " + key;
    record.recipe = "web";
    record.bytes = 5;
    base::write_file(layer_tar_path(key), "bytes");
    write_layer_record(record);
}

void make_image(const std::string& key) {
    const StoredImage image = new_stored_image(key);
    for (const auto& path : {image.disk, image.kernel, image.initrd}) {
        base::write_file(path, "x");
    }
    write_record(image, {"web", "2.0", "", key, "", "", 0, 0, {}, {}});
    publish_image(image);
}

void make_old(const fs::path& path, seconds age) {
    const std::time_t then = std::time(nullptr) - age.count();
    const timespec times[2] = {{then, 0}, {then, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

const CacheEntry& find(const std::vector<CacheEntry>& entries, const std::string& name) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const CacheEntry& entry) { return entry.name == name; });
    REQUIRE(found != entries.end());
    return *found;
}

}  // namespace

TEST_CASE("what was not used for long goes, with all that needs it", "[imagebuilder][cache]") {
    CHECK(chosen({}) == "left");
    CHECK(chosen({.older_than = seconds(1000)}) == "left");
    // b was used lately, and with it a and base.
    CHECK(chosen({.older_than = seconds(600)}) == "left c");
    CHECK(chosen({.older_than = seconds(300)}) == "left c image");
    CHECK(chosen({.older_than = seconds(50)}) == "left c image b a base");
    CHECK(chosen({.all = true}) == "left c image b a base");
}

TEST_CASE("a size is reached by what was used least recently, upper layers first",
          "[imagebuilder][cache]") {
    CHECK(chosen({.max_bytes = 180}) == "left");
    CHECK(chosen({.max_bytes = 179}) == "left c");
    CHECK(chosen({.max_bytes = 170}) == "left c");
    CHECK(chosen({.max_bytes = 125}) == "left c image");
    CHECK(chosen({.max_bytes = 110}) == "left c image b");
    CHECK(chosen({.max_bytes = 109}) == "left c image b a");
    CHECK(chosen({.max_bytes = 0}) == "left c image b a base");
    CHECK(chosen({.older_than = seconds(600), .max_bytes = 125}) == "left c image");
}

TEST_CASE("the cache is listed with what each thing is for", "[imagebuilder][cache]") {
    const tests::CacheFolder cache;
    CHECK(list_cache().empty());
    make_layer("base", "1");
    make_layer("upper", "2", "base", "1");
    make_layer("stale", "3", "base", "0");    // base was made anew since
    make_layer("higher", "4", "stale", "3");  // and so this has nothing to stand on
    make_layer("cut", "5");
    base::write_file(layer_tar_path("cut"), "byt");
    base::write_file(layers_dir() / "old.tar.zst", "of another version");
    make_image("image");
    base::make_dirs(base::cache_dir() / "images/half.part");
    const fs::path apt = base::cache_dir() / "apt/bookworm-1";
    for (const char* folder : {"archives", "bootstrap", "lists"}) {
        base::make_dirs(apt / folder);
    }
    for (const char* file :
         {"archives/a.deb", "bootstrap/b.deb", "lists/x_InRelease", "fetched", "sources.list"}) {
        base::write_file(apt / file, "content");
    }
    make_old(apt / "archives/a.deb", 100 * kWeek);  // as apt leaves it: when it was made
    const std::vector<CacheEntry> entries = list_cache();
    CHECK(find(entries, "base").kind == CacheKind::layer);
    CHECK(find(entries, "upper").kind == CacheKind::layer);
    CHECK(find(entries, "upper").what_for == "web: run: upper");
    CHECK(find(entries, "upper").below == "base");
    CHECK(find(entries, "upper").bytes > 0);
    for (const char* left :
         {"stale", "higher", "cut.json", "cut.tar.zst", "old.tar.zst", "half.part"}) {
        CHECK(find(entries, left).kind == CacheKind::leftover);
    }
    CHECK(find(entries, "image").kind == CacheKind::image);
    CHECK(find(entries, "image").what_for == "web 2.0");
    CHECK(find(entries, "a.deb").kind == CacheKind::package);
    CHECK(find(entries, "b.deb").kind == CacheKind::bootstrap);
    CHECK(find(entries, "a.deb").group == "bookworm-1");
    CHECK(std::time(nullptr) - find(entries, "a.deb").last_use < 60);
    CHECK(find(entries, "bookworm-1").kind == CacheKind::index);
    CHECK(entries.size() == 12);
}

TEST_CASE("pruning removes what was chosen and nothing that builds still have",
          "[imagebuilder][cache]") {
    const tests::CacheFolder cache;
    make_layer("base", "1");
    make_layer("old", "2", "base", "1");
    make_layer("new", "3", "base", "1");
    make_image("old-image");
    make_image("new-image");
    base::write_file(layer_lock_path("old"), "");
    make_old(layer_record_path("base"), 9 * kWeek);
    make_old(layer_record_path("old"), 9 * kWeek);
    make_old(base::cache_dir() / "images/old-image", 9 * kWeek);
    const PrunePolicy policy{.older_than = kWeek};
    const PruneResult would = prune_cache(policy, true);
    CHECK(names_of(would.removed) == "old old-image");
    CHECK(find_layer("old"));
    const PruneResult result = prune_cache(policy, false);
    CHECK(names_of(result.removed) == "old old-image");
    CHECK(result.removed_bytes == would.removed_bytes);
    CHECK(result.removed_bytes > 0);
    CHECK(result.kept_bytes > 0);
    CHECK_FALSE(find_layer("old"));
    CHECK_FALSE(fs::exists(layer_tar_path("old")));
    CHECK_FALSE(fs::exists(layer_lock_path("old")));
    CHECK(find_layer("base"));
    CHECK(find_layer("new"));
    CHECK_FALSE(has_image("old-image"));
    CHECK(has_image("new-image"));
    prune_cache({.all = true}, false);
    CHECK(list_cache().empty());
}

TEST_CASE("a prune that is killed at any point leaves whole entries or none",
          "[imagebuilder][cache]") {
    const tests::CacheFolder cache;
    make_layer("base", "1");
    make_layer("upper", "2", "base", "1");
    make_image("image");
    std::vector<fs::path> removals;
    for (const CacheEntry& entry : choose_to_prune(list_cache(), {.all = true}, kNow)) {
        removals.insert(removals.end(), entry.paths.begin(), entry.paths.end());
    }
    REQUIRE(removals.size() >= 8);
    for (const fs::path& path : removals) {  // the kill comes after each of them
        base::remove_all(path);
        for (const std::string key : {"base", "upper"}) {
            CHECK((!find_layer(key) || fs::exists(layer_tar_path(key))));
        }
        CHECK((!find_layer("upper") || find_layer("base")));
        if (has_image("image")) {
            CHECK(fs::exists(read_image("image").disk));
        }
        for (const CacheEntry& entry : list_cache()) {
            CHECK_FALSE(entry.paths.empty());
        }
    }
}

TEST_CASE("nothing is pruned while a build uses the cache", "[imagebuilder][cache]") {
    const tests::CacheFolder cache;
    make_layer("base", "1");
    {
        const CacheUse build;
        const CacheUse another;
        const auto error = tests::error_of(
            [] { prune_cache({.all = true}, false, std::chrono::milliseconds(120)); });
        CHECK(error.kind() == base::ErrorKind::conflict);
        CHECK_THAT(error.message(), Catch::Contains("a build runs"));
        CHECK(find_layer("base"));
        CHECK(prune_cache({.all = true}, true).removed.size() == 1);  // looking is free
    }
    prune_cache({.all = true}, false, std::chrono::milliseconds(0));
    CHECK_FALSE(find_layer("base"));
}
