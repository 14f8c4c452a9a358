// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tarball/tarball.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/support/http_server.h"
#include "tests/support/root_tar.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

std::string answer_with(const std::string& body) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

std::string sha256_of(const std::string& text) {
    return base::digest_hex(base::DigestAlgorithm::sha256, text);
}

// A cache of its own.
struct TarballCache {
    base::TempDir dir;
    std::string old = std::getenv("XDG_CACHE_HOME") != nullptr ? std::getenv("XDG_CACHE_HOME") : "";
    TarballCache() { ::setenv("XDG_CACHE_HOME", dir.path().c_str(), 1); }
    TarballCache(const TarballCache&) = delete;
    TarballCache& operator=(const TarballCache&) = delete;
    ~TarballCache() {
        if (old.empty()) {
            ::unsetenv("XDG_CACHE_HOME");
        } else {
            ::setenv("XDG_CACHE_HOME", old.c_str(), 1);
        }
    }
};

}  // namespace

TEST_CASE("a tarball beside the recipe is known by its digest", "[imagebuilder][tarball]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "root.tar", "content");
    const Tarball tarball = get_tarball({"root.tar", ""}, dir.path());
    CHECK(tarball.file == dir.path() / "root.tar");
    CHECK(tarball.sha256 == sha256_of("content"));
    CHECK(get_tarball({(dir.path() / "root.tar").string(), sha256_of("content")}, "/").file ==
          tarball.file);

    const auto wrong = tests::error_of([&] {
        get_tarball({"root.tar", sha256_of("other")}, dir.path());
    });
    CHECK(wrong.kind() == base::ErrorKind::invalid_input);
    CHECK(wrong.message().find(sha256_of("content")) != std::string::npos);
    CHECK(wrong.message().find(sha256_of("other")) != std::string::npos);
    const auto missing = tests::error_of([&] { get_tarball({"none.tar", ""}, dir.path()); });
    CHECK(missing.kind() == base::ErrorKind::not_found);
    CHECK(missing.message().find("none.tar") != std::string::npos);
}

TEST_CASE("a tarball of the web is fetched once and checked", "[imagebuilder][tarball]") {
    const TarballCache cache;
    const std::string content(300000, 't');
    int requests = 0;
    tests::HttpServer server([&](const std::string&, int) {
        ++requests;
        return answer_with(content);
    });
    const TarballSource source{server.url("/root.tar"), sha256_of(content)};
    const Tarball first = get_tarball(source, "/");
    CHECK(base::read_file(first.file) == content);
    CHECK(get_tarball(source, "/").file == first.file);
    CHECK(requests == 1);

    // What was damaged in the cache is fetched again.
    base::write_file(first.file, "damaged");
    CHECK(base::read_file(get_tarball(source, "/").file) == content);
    CHECK(requests == 2);

    const TarballSource other{server.url("/root.tar"), sha256_of("other")};
    const auto error = tests::error_of([&] { get_tarball(other, "/"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK(error.message().find("sha256") != std::string::npos);
    CHECK_FALSE(fs::exists(cache.dir.path() / "muster/tarballs" / other.sha256));
}

TEST_CASE("a tarball becomes a layer however it is packed", "[imagebuilder][tarball]") {
    const base::TempDir dir;
    const std::string tar = base::read_file(tests::make_root_tar(dir.path()));
    tests::run_shell(
        "gzip -c root.tar >gz; xz -c root.tar >xz; zstd -qc root.tar >zst; "
        "head -c 5000 gz >short",
        dir.path());
    for (const char* name : {"root.tar", "gz", "xz", "zst"}) {
        INFO(name);
        const fs::path layer = dir.path() / "layer";
        recompress_tarball({dir.path() / name, name, ""}, layer);
        tests::run_shell("zstd -dqc layer >plain; cmp plain root.tar", dir.path());
    }
    const auto error = tests::error_of([&] {
        recompress_tarball({dir.path() / "short", "short", ""}, dir.path() / "layer");
    });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK(error.message().find("'short'") != std::string::npos);
}
