// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tarball/tarball.h"

#include "base/error.h"
#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/support/root_tar.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

}  // namespace

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
