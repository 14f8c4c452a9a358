// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/source/source_file.h"

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/saved/saved_images.h"
#include "tests/support/cache_folder.h"
#include "tests/support/catch.h"
#include "tests/support/http_server.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;
using Kind = BaseSource::Kind;

std::string sha256_text(const std::string& text) {
    return base::digest_hex(base::DigestAlgorithm::sha256, text);
}

BaseSource source_at(Kind kind, const std::string& location, const std::string& sha256 = "") {
    return {.kind = kind, .location = location, .sha256 = sha256, .system = ""};
}

}  // namespace

TEST_CASE("a source beside the recipe is known by its digest", "[imagebuilder][source]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "root.tar", "content");
    const SourceFile file = get_source_file(source_at(Kind::tarball, "root.tar"), dir.path());
    CHECK(file.path == dir.path() / "root.tar");
    CHECK(file.sha256 == sha256_text("content"));
    const std::string whole = (dir.path() / "root.tar").string();
    CHECK(get_source_file(source_at(Kind::ova, whole, sha256_text("content")), "/").path ==
          file.path);

    const auto wrong = tests::error_of([&] {
        get_source_file(source_at(Kind::tarball, "root.tar", sha256_text("other")), dir.path());
    });
    CHECK(wrong.kind() == base::ErrorKind::invalid_input);
    CHECK(wrong.message().find(sha256_text("content")) != std::string::npos);
    CHECK(wrong.message().find(sha256_text("other")) != std::string::npos);
    for (const Kind kind : {Kind::tarball, Kind::image, Kind::disk, Kind::ova}) {
        const auto missing =
            tests::error_of([&] { get_source_file(source_at(kind, "none"), dir.path()); });
        CHECK(missing.kind() == base::ErrorKind::not_found);
        CHECK(missing.message() ==
              fmt::format("there is no {} '{}'", to_string(kind), (dir.path() / "none").string()));
    }
}

TEST_CASE("a saved template is a source by its name", "[imagebuilder][source]") {
    const base::TempDir dir;
    ::setenv("XDG_DATA_HOME", dir.path().c_str(), 1);
    const base::ScopeExit restore([] { ::unsetenv("XDG_DATA_HOME"); });
    const auto save = [](bool replace, char content) {
        NewSavedImage image("golden", replace);
        base::write_file(image.files().disk, std::string(4096, content));
        base::write_file(image.files().kernel, "kernel");
        base::write_file(image.files().initrd, "initrd");
        image.publish({}, "machine 'web' of 'shop'");
    };
    save(false, 'x');
    CHECK(tests::error_of([&] { save(false, 'y'); }).kind() == base::ErrorKind::conflict);
    save(true, 'd');
    CHECK(list_saved_images().size() == 1);
    CHECK(std::distance(fs::directory_iterator(dir.path() / "muster" / "templates"),
                        fs::directory_iterator()) == 1);
    const SourceFile file = get_source_file(source_at(Kind::saved, "golden"), "/nowhere");
    CHECK(file.path == require_saved_image("golden").disk);
    CHECK(file.sha256 == sha256_text(std::string(4096, 'd')));
    const auto wrong = tests::error_of([&] {
        get_source_file(source_at(Kind::saved, "golden", sha256_text("other")), "/nowhere");
    });
    CHECK(wrong.kind() == base::ErrorKind::invalid_input);
    const auto missing =
        tests::error_of([&] { get_source_file(source_at(Kind::saved, "silver"), "/nowhere"); });
    CHECK(missing.kind() == base::ErrorKind::not_found);
    CHECK(missing.message() == "there is no template 'silver'");
    CHECK(missing.hint() == "'muster template ls' lists those that were saved");
}

TEST_CASE("a source of the web is fetched once and checked", "[imagebuilder][source]") {
    const tests::CacheFolder cache;
    const std::string content(300000, 't');
    int requests = 0;
    const tests::HttpServer server([&](const std::string&, int) {
        ++requests;
        return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", content.size(),
                           content);
    });
    const BaseSource source =
        source_at(Kind::tarball, server.url("/root.tar"), sha256_text(content));
    const SourceFile first = get_source_file(source, "/");
    CHECK(base::read_file(first.path) == content);
    CHECK(get_source_file(source, "/").path == first.path);
    CHECK(requests == 1);

    // What was damaged in the cache is fetched again.
    base::write_file(first.path, "damaged");
    CHECK(base::read_file(get_source_file(source, "/").path) == content);
    CHECK(requests == 2);

    const BaseSource other = source_at(Kind::image, source.location, sha256_text("other"));
    const auto error = tests::error_of([&] { get_source_file(other, "/"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    CHECK(error.message().find("sha256") != std::string::npos);
    CHECK_FALSE(fs::exists(base::cache_dir() / "sources" / other.sha256));
}
