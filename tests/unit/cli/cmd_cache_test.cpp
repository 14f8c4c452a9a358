// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_cache.h"

#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "tests/support/cache_folder.h"
#include "tests/support/catch.h"

namespace {

struct CacheSaid {
    std::ostringstream out;
    std::ostringstream err;
    base::cli::Io io{.out = out, .err = err};
};

}  // namespace

TEST_CASE("packages of a release are one line of the cache", "[cli][cache]") {
    const tests::CacheFolder cache;
    const auto archives = base::cache_dir() / "apt/bookworm-1/archives";
    base::make_dirs(archives);
    base::write_file(archives / "a.deb", std::string(5000, 'a'));
    base::write_file(archives / "b.deb", std::string(5000, 'b'));
    CacheSaid text;
    CHECK(cli::run_cache_ls(text.io) == 0);
    CHECK_THAT(text.out.str(),
               Catch::Contains("packages of bookworm-1 (2 files)") && Catch::Contains("in all"));
    CacheSaid json;
    json.io.json = true;
    cli::run_cache_ls(json.io);
    const base::Json listed = base::parse_json(json.out.str(), "the list");
    REQUIRE(listed.at("entries").size() == 1);
    CHECK(listed.at("entries")[0].at("files") == 2);
    CHECK(listed.at("bytes") >= 10000);
}

TEST_CASE("pruning says what it freed, and what it would free", "[cli][cache]") {
    const tests::CacheFolder cache;
    const auto layers = base::cache_dir() / "layers";
    base::make_dirs(layers);
    base::write_file(layers / "left.tar.zst", "x");
    CacheSaid dry;
    CHECK(cli::run_cache_prune({.dry_run = true}, dry.io) == 0);
    CHECK_THAT(dry.out.str(), Catch::Contains("leftover") && Catch::Contains("would be freed"));
    CHECK(std::filesystem::exists(layers / "left.tar.zst"));
    CacheSaid wet;
    wet.io.json = true;
    CHECK(cli::run_cache_prune({}, wet.io) == 0);
    const base::Json result = base::parse_json(wet.out.str(), "the result");
    CHECK(result.at("removed")[0].at("name") == "left.tar.zst");
    CHECK(result.at("removed_bytes") > 0);
    CHECK_FALSE(std::filesystem::exists(layers / "left.tar.zst"));
}

TEST_CASE("a time or size that is none is a wrong usage", "[cli][cache]") {
    const tests::CacheFolder cache;
    CacheSaid said;
    for (const cli::CachePruneOptions& options : {cli::CachePruneOptions{.older_than = "soon"},
                                                  cli::CachePruneOptions{.max_size = "much"}}) {
        CHECK(tests::error_of([&] { cli::run_cache_prune(options, said.io); }).kind() ==
              base::ErrorKind::usage);
    }
    CHECK(cli::run_cache_prune({.older_than = "4w", .max_size = "10GiB"}, said.io) == 0);
}
