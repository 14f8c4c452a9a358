// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/image_store.h"

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "ovfkit/convert/convert.h"
#include "ovfkit/disk/disk_reader.h"
#include "tests/support/catch.h"

namespace fs = std::filesystem;
using imagebuilder::BuiltImage;

namespace {

constexpr std::uint64_t kCapacity = 8U << 20U;

// What the store holds of a build: a qcow2 of 8 MiB with some data, and its siblings.
struct Stored {
    base::TempDir dir;
    std::string content = std::string(kCapacity, '\0');
    BuiltImage image;

    Stored() {
        content.replace(0, 5, "start");
        content.replace(5U << 20U, 100'000, std::string(100'000, 'd'));
        base::write_file(dir.path() / "disk.raw", content);
        ovfkit::ConvertOptions options;
        options.input = (dir.path() / "disk.raw").string();
        options.output = (dir.path() / "disk.qcow2").string();
        options.from = ovfkit::DiskFormat::raw;
        options.to = ovfkit::DiskForm::qcow2;
        ovfkit::convert_disk(options);
        image.disk = options.output;
        image.kernel = sibling("vmlinuz");
        image.initrd = sibling("initrd");
        image.record = sibling("build.json");
    }
    fs::path sibling(const std::string& name) const {
        base::write_file(dir.path() / name, name);
        return dir.path() / name;
    }
};

std::string read_whole(const ovfkit::DiskReader& disk) {
    std::string content(disk.capacity_bytes(), '\0');
    disk.read_at(0, std::as_writable_bytes(std::span(content)));
    return content;
}

}  // namespace

TEST_CASE("the extension of the output decides how the disk is written", "[imagebuilder]") {
    const auto [extension, format] =
        GENERATE(table<std::string, ovfkit::DiskFormat>({{"qcow2", ovfkit::DiskFormat::qcow2},
                                                         {"raw", ovfkit::DiskFormat::raw},
                                                         {"img", ovfkit::DiskFormat::raw},
                                                         {"vmdk", ovfkit::DiskFormat::vmdk}}));
    Stored stored;
    const fs::path output = stored.dir.path() / "out" / ("web." + extension);
    imagebuilder::copy_image_to(stored.image, output);
    CHECK(stored.image.disk == output);
    const auto disk = ovfkit::open_disk(output.string());
    CHECK(disk->format() == format);
    CHECK(read_whole(*disk) == stored.content);
    for (const char* name : {"web.vmlinuz", "web.initrd", "web.build.json"}) {
        CHECK(fs::exists(stored.dir.path() / "out" / name));
    }
    if (format == ovfkit::DiskFormat::raw) {
        struct stat info {};
        REQUIRE(::stat(output.c_str(), &info) == 0);
        CHECK(info.st_size == static_cast<off_t>(kCapacity));
        CHECK(info.st_blocks * 512 < info.st_size / 2);  // holes where there is nothing
    }
}

TEST_CASE("an output that is no disk is refused before anything is built", "[imagebuilder]") {
    for (const char* name : {"web.iso", "web", "web.ova", "dir.raw/web"}) {
        const auto error = tests::error_of([&] { imagebuilder::form_of_image(name); });
        CHECK(error.kind() == base::ErrorKind::usage);
        CHECK_THAT(error.message(), Catch::Contains(name));
        CHECK_THAT(error.hint(), Catch::Contains("FILE.qcow2") && Catch::Contains("FILE.raw") &&
                                     Catch::Contains("FILE.vmdk"));
    }
    // Before the recipe is even looked for.
    imagebuilder::BuildOptions options;
    options.recipe = "/nowhere/recipe.yaml";
    options.output = "web.iso";
    CHECK(tests::error_of([&] { imagebuilder::build_image(options); }).kind() ==
          base::ErrorKind::usage);
}
