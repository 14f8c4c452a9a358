// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/ext4_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "tests/support/catch.h"
#include "tests/support/shell.h"

using namespace imagebuilder;
using tests::shell;

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kEpoch = 1700000000;
constexpr std::uint64_t kOffset = 1U << 20U;
constexpr const char* kUuid = "01234567-89ab-8def-8123-456789abcdef";

// tar with owners, modes and links as the test wants them, without being root.
fs::path make_tar(const fs::path& folder) {
    // clang-format off
    shell(R"sh(
mkdir -p tree/dir/sub tree/many
echo hello >tree/dir/file
ln tree/dir/file tree/dir/hard
ln -s file tree/dir/short
ln -s "$(printf 'x%.0s' $(seq 200))" tree/dir/long
: >tree/empty
mkfifo tree/fifo
truncate -s 9M tree/sparse
printf end | dd of=tree/sparse bs=1 seek=5000000 conv=notrunc status=none
seq 1 1500000 >tree/big
for i in $(seq 600); do echo $i >tree/many/a-rather-long-name-$i; done
printf '\303\251' >"tree/$(printf 'caf\303\251')"
setfattr -n user.note -v value tree/dir/file
setfacl -m u:33:r tree/dir/file
chmod 4750 tree/empty
touch -d @1600000000 tree/dir/file
touch -d @1900000000 tree/big
tar -C tree --sort=name --numeric-owner --owner=1000 --group=100070 --format=pax --xattrs \
    '--xattrs-include=*' -cf tree.tar .
)sh",
          folder);
    // clang-format on
    return folder / "tree.tar";
}

Ext4Summary make_image(const fs::path& tar, const fs::path& image, std::uint64_t bytes) {
    {
        const base::UniqueFd fd = base::open_file(image.string(), O_RDWR | O_CREAT | O_EXCL);
        REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(kOffset + bytes)) == 0);
    }
    const base::UniqueFd fd = base::open_file(tar.string(), O_RDONLY);
    const base::UniqueFd data = base::open_file(image.string(), O_RDWR);
    return make_ext4({image, kOffset, bytes, kUuid, "root", kEpoch}, fd.get(), "tree.tar",
                     [&](std::uint64_t offset, std::span<const std::byte> piece) {
                         base::pwrite_all(data.get(), piece, offset, image.string());
                     });
}

std::string debugfs(const fs::path& image, const std::string& request) {
    return shell(fmt::format("debugfs -R {} '{}?offset={}'", base::shell_quote(request),
                             image.string(), kOffset),
                 image.parent_path())
        .out;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a file system filled from a tar is clean and holds the same", "[imagebuilder][ext4]") {
    const base::TempDir dir;
    const fs::path tar = make_tar(dir.path());
    const fs::path image = dir.path() / "image";
    const Ext4Summary summary = make_image(tar, image, 64U << 20U);
    CHECK(summary.files > 600);

    shell(fmt::format("e2fsck -fn '{}?offset={}'", image.string(), kOffset), dir.path());
    make_image(tar, dir.path() / "again", 64U << 20U);
    CHECK(base::sha256_of_file(image.string()) ==
          base::sha256_of_file((dir.path() / "again").string()));

    // Content: everything debugfs dumps is what tar packed.
    shell(fmt::format("mkdir out; debugfs -R 'rdump / out' '{}?offset={}' 2>/dev/null; "
                      "rm -rf out/lost+found out/fifo tree/fifo; "
                      "diff -r --no-dereference tree out",
                      image.string(), kOffset),
          dir.path());

    const std::string file = debugfs(image, "stat /dir/file");
    CHECK(contains(file, "Links: 2"));
    CHECK(contains(file, "User:  1000"));
    CHECK(contains(file, "Group: 100070"));
    CHECK(contains(file, "user.note"));
    CHECK(contains(file, "system.posix_acl_access"));
    CHECK(contains(file, "mtime: 0x5f5e1000"));
    CHECK(contains(debugfs(image, "stat /dir/hard"), "Links: 2"));
    CHECK(contains(debugfs(image, "stat /empty"), "Mode:  04750"));
    CHECK(contains(debugfs(image, "stat /fifo"), "Type: FIFO"));
    CHECK(contains(debugfs(image, "stat /dir/short"), "Fast link dest: \"file\""));
    CHECK(contains(debugfs(image, "ea_get /dir/file user.note"), "value"));
    // Times after the epoch are the epoch; holes take no blocks.
    CHECK(contains(debugfs(image, "stat /big"), "mtime: 0x6553f100"));
    CHECK(contains(debugfs(image, "stat /sparse"), "Blockcount: 8\n"));
    CHECK(contains(debugfs(image, "stat /sparse"), "Size: 9437184"));
}

TEST_CASE("devices keep their numbers", "[imagebuilder][ext4]") {
    const base::TempDir dir;
    // A ustar header by hand: only root may make device nodes.
    const auto header = [](const std::string& name, char type, unsigned major, unsigned minor) {
        std::string block(512, '\0');
        const auto put = [&](std::size_t at, const std::string& text) {
            block.replace(at, text.size(), text);
        };
        put(0, name);
        put(100, type == '5' ? "0000755" : "0000600");
        put(108, "0000000");
        put(116, "0000006");
        put(124, "00000000000");
        put(136, "00000000000");
        put(148, "        ");
        block[156] = type;
        put(257, std::string("ustar\00000", 8));
        put(329, fmt::format("{:07o}", major));
        put(337, fmt::format("{:07o}", minor));
        unsigned sum = 0;
        for (const char c : block) {
            sum += static_cast<unsigned char>(c);
        }
        put(148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
        return block;
    };
    base::write_file(dir.path() / "tree.tar",
                     header("./", '5', 0, 0) + header("./null", '3', 1, 3) +
                         header("./big", '4', 259, 70000) + std::string(1024, '\0'));
    const fs::path image = dir.path() / "image";
    make_image(dir.path() / "tree.tar", image, 16U << 20U);
    shell(fmt::format("e2fsck -fn '{}?offset={}'", image.string(), kOffset), dir.path());
    CHECK(contains(debugfs(image, "stat /null"), "Device major/minor number: 01:03"));
    CHECK(contains(debugfs(image, "stat /big"), "Device major/minor number: 259:70000"));
}

TEST_CASE("a tree that does not fit says so", "[imagebuilder][ext4]") {
    const base::TempDir dir;
    shell("mkdir tree; head -c 40M /dev/urandom >tree/a; tar -C tree -cf tree.tar .", dir.path());
    try {
        make_image(dir.path() / "tree.tar", dir.path() / "image", 24U << 20U);
        FAIL("accepted");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::invalid_input);
        CHECK(contains(error.message(), "full at '/a'"));
        CHECK(contains(error.hint(), "disk: { size"));
    }
}

TEST_CASE("a stream that ends early is an error", "[imagebuilder][ext4]") {
    const base::TempDir dir;
    shell(
        "mkdir tree; head -c 1M /dev/urandom >tree/a; tar -C tree -cf full.tar .; "
        "head -c 500000 full.tar >tree.tar",
        dir.path());
    CHECK_THROWS_AS(make_image(dir.path() / "tree.tar", dir.path() / "image", 24U << 20U),
                    base::Error);
}

TEST_CASE("paths that climb out of the tree are refused", "[imagebuilder][ext4]") {
    const base::TempDir dir;
    shell("mkdir tree; echo a >tree/a; tar -C tree --transform 's#a#../a#' -Pcf tree.tar a",
          dir.path());
    CHECK_THROWS_AS(make_image(dir.path() / "tree.tar", dir.path() / "image", 24U << 20U),
                    base::Error);
}
