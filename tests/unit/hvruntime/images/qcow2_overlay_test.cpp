// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/images/qcow2_overlay.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_size.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "tests/support/catch.h"

using base::ErrorKind;
using hvruntime::create_overlay;
namespace fs = std::filesystem;

namespace {

void make_sparse(const fs::path& path, std::uint64_t size, const std::string& start = "") {
    const base::UniqueFd fd = base::open_file(path.string(), O_RDWR | O_CREAT, 0600);
    base::pwrite_all(fd.get(), base::as_bytes(start), 0, "test");
    REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
}

base::Json qemu_img_info(const fs::path& path) {
    const auto result = base::run_checked(
        base::Command{.argv = {"qemu-img", "info", "-f", "qcow2", "--output=json", path.string()}});
    return base::parse_json(result.out, "qemu-img info");
}

void qemu_img_check(const fs::path& path) {
    const auto result =
        base::run(base::Command{.argv = {"qemu-img", "check", "-f", "qcow2", path.string()}});
    INFO(result.out << result.err);
    CHECK(result.status == 0);
}

}  // namespace

TEST_CASE("an overlay is sound for qemu-img and names its raw base", "[hvruntime][images]") {
    const base::TempDir dir;
    const fs::path base_path = dir.path() / "base.raw";
    const fs::path path = dir.path() / "overlay.qcow2";
    make_sparse(base_path, 3 * base::kGiB);
    CHECK(create_overlay(path, {.base = base_path}) == 3 * base::kGiB);
    qemu_img_check(path);
    const base::Json info = qemu_img_info(path);
    CHECK(info["virtual-size"] == 3 * base::kGiB);
    CHECK(info["cluster-size"] == 65536);
    CHECK(info["full-backing-filename"] == base_path.string());
    CHECK(info["backing-filename-format"] == "raw");
    CHECK(info["format-specific"]["data"]["compat"] == "1.1");
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600);
}

TEST_CASE("overlays of all sizes are sound", "[hvruntime][images]") {
    const base::TempDir dir;
    const std::uint64_t tib = base::kGiB * 1024;
    for (const std::uint64_t size : {std::uint64_t{512}, 512 * base::kMiB, 512 * base::kMiB + 512,
                                     4 * tib, 4 * tib + 512, 64 * tib}) {
        const fs::path path = dir.path() / std::to_string(size);
        create_overlay(path, {.base = {}, .capacity_bytes = size});
        qemu_img_check(path);
        const base::Json info = qemu_img_info(path);
        CHECK(info["virtual-size"] == size);
        CHECK_FALSE(info.contains("backing-filename"));
    }
}

TEST_CASE("a larger overlay reads its base, then zeros; writes stay in the overlay",
          "[hvruntime][images]") {
    const base::TempDir dir;
    const fs::path base_path = dir.path() / "base.raw";
    const fs::path path = dir.path() / "overlay.qcow2";
    make_sparse(base_path, base::kMiB, "BASE");
    create_overlay(path, {.base = base_path, .capacity_bytes = 2 * base::kGiB});
    const auto result = base::run_checked(
        base::Command{.argv = {"qemu-io", "-f", "qcow2", "-c", "read -v 0 16", "-c",
                               "read -P 0 1M 1M", "-c", "write -P 0xaa 1G 64k", path.string()}});
    CHECK(result.out.find("BASE") != std::string::npos);
    CHECK(result.out.find("verification failed") == std::string::npos);
    qemu_img_check(path);
    CHECK(base::file_size(base_path) == base::kMiB);
}

TEST_CASE("an overlay is never made over something or of nothing", "[hvruntime][images]") {
    const base::TempDir dir;
    const fs::path base_path = dir.path() / "base.raw";
    const fs::path path = dir.path() / "overlay.qcow2";
    make_sparse(base_path, base::kMiB);
    CHECK(tests::error_of([&] {
              create_overlay(path, {.base = base_path, .capacity_bytes = 512});
          }).kind() == ErrorKind::invalid_input);
    CHECK(tests::error_of([&] { create_overlay(path, {.base = dir.path() / "none"}); }).kind() ==
          ErrorKind::not_found);
    CHECK(tests::error_of([&] { create_overlay(path, {.base = dir.path()}); }).kind() ==
          ErrorKind::invalid_input);
    CHECK(tests::error_of([&] {
              create_overlay(path, {.base = {}, .capacity_bytes = 100});
          }).kind() == ErrorKind::invalid_input);
    CHECK_FALSE(fs::exists(path));
    create_overlay(path, {.base = base_path});
    CHECK(tests::error_of([&] { create_overlay(path, {.base = base_path}); }).kind() ==
          ErrorKind::conflict);
    CHECK(fs::exists(path));
}
