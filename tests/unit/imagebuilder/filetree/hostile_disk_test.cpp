// SPDX-License-Identifier: Apache-2.0
// Disks whose file system says what cannot be: every one is read in full, and ends in a listing or
// an error that says what is damaged.
#include <fmt/format.h>

#include <chrono>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/filetree/disk_tree.h"
#include "imagebuilder/filetree/tar/tree_tar.h"
#include "tests/support/catch.h"
#include "tests/support/memory_disk.h"
#include "tests/support/shell.h"

using namespace imagebuilder;
using base::ErrorKind;
using tests::shell;

namespace {

class DropSink : public base::ByteSink {
  public:
    void write(std::span<const std::byte>) override {}
};

// What happens when the whole tree is read: "ok", or the error's message.
std::string read_whole(const std::string& path) {
    const auto disk = ovfkit::open_disk(path, ovfkit::DiskFormat::raw);
    const auto begin = std::chrono::steady_clock::now();
    std::string result = "ok";
    try {
        const DiskTree tree(*disk);
        DropSink sink;
        write_tree_tar(tree, sink, {.most_bytes = disk->capacity_bytes() * 2});
    } catch (const base::Error& error) {
        CHECK((error.kind() == ErrorKind::invalid_input || error.kind() == ErrorKind::not_found ||
               error.kind() == ErrorKind::unsupported));
        result = error.message();
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
    return result;
}

// A small file system with /etc, /usr and /dir, changed by debugfs.
class HostileDisk {
  public:
    explicit HostileDisk(const std::string& options = "-t ext4 -O ^metadata_csum") {
        shell(fmt::format(R"sh(
mkdir -p tree/etc tree/usr tree/dir/sub tree/lists
echo ID=x >tree/etc/os-release
seq 1 100000 >tree/big
echo small >tree/dir/small
ln -s /etc tree/link
mke2fs -q -F -d tree {} disk 16M
)sh",
                          options),
              dir_.path());
    }
    void debugfs(const std::string& request) const {
        shell(fmt::format("debugfs -w -R '{}' disk 2>/dev/null", request), dir_.path());
    }
    std::string read() const { return read_whole(path()); }
    std::string path() const { return dir_.path() / "disk"; }
    std::string bytes() const { return base::read_file(path()); }
    void set_bytes(std::string_view bytes) const { base::write_file(path(), bytes); }
    // Number of an inode's first block of content, or of its map.
    std::uint64_t block_of(const std::string& file, const std::string& logical) const {
        const auto run = shell(
            fmt::format("debugfs -R 'bmap {} {}' disk 2>/dev/null", file, logical), dir_.path());
        return std::stoull(run.out);
    }
    void store(std::uint64_t at, std::uint32_t value) const {
        std::string all = bytes();
        ovfkit::store_le(std::as_writable_bytes(std::span(all)), at, value);
        set_bytes(all);
    }

  private:
    base::TempDir dir_;
};

bool says(const std::string& text, const std::string& part) {
    UNSCOPED_INFO(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("import-security 6: a folder in itself is damage, not a hang",
          "[imagebuilder][filetree][hostile]") {
    const HostileDisk disk;
    CHECK(disk.read() == "ok");
    disk.debugfs("link /dir /dir/sub/again");
    CHECK(says(disk.read(), "the folder is '/dir' too"));
}

TEST_CASE("import-security 6: a folder with two names is read once",
          "[imagebuilder][filetree][hostile]") {
    const HostileDisk disk;
    disk.debugfs("link /dir /etc/other");
    CHECK(says(disk.read(), "the file system is damaged"));
    const HostileDisk root;
    root.debugfs("link / /etc/root");
    CHECK(says(root.read(), "the folder is '/' too"));
}

TEST_CASE("import-security 6: sizes that are declared are not believed",
          "[imagebuilder][filetree][hostile]") {
    for (const char* options : {"-t ext4 -O ^metadata_csum", "-t ext2"}) {
        const HostileDisk disk(options);
        disk.debugfs("set_inode_field /big size 0x7fffffffffff");
        CHECK(disk.read() == "ok");  // zeros behind what is there
        disk.debugfs("set_inode_field /dir size 0x7ffff000");
        CHECK(says(disk.read(), "a folder of that length cannot be"));
    }
    const HostileDisk link;
    link.debugfs("set_inode_field /link size 100000");
    CHECK(says(link.read(), "a symbolic link of that length cannot be"));
}

TEST_CASE("import-security 6: broken extents are damage", "[imagebuilder][filetree][hostile]") {
    const auto with_extent = [](const std::string& field, const std::string& value) {
        const HostileDisk disk;
        disk.debugfs(fmt::format("set_inode_field /big {} {}", field, value));
        return disk.read();
    };
    // Words of the inode: magic and entries, most entries and depth, then the first extent.
    CHECK(says(with_extent("block[0]", "0x0001f30b"), "extents are damaged"));
    CHECK(says(with_extent("block[0]", "0x00ff0af3"), "extents are damaged"));
    CHECK(says(with_extent("block[0]", "0x00fff30a"), "extents are damaged"));
    CHECK(says(with_extent("block[1]", "0xffff0004"), "extents are damaged"));
    CHECK(says(with_extent("block[4]", "0"), "extents are not in order"));
    CHECK(says(with_extent("block[5]", "0xfffffff0"), "outside the file system"));
    CHECK(says(with_extent("block[5]", "0"), "outside the file system"));
}

TEST_CASE("import-security 6: a map of blocks that runs in a circle is damage",
          "[imagebuilder][filetree][hostile]") {
    const HostileDisk lists("-t ext2 -b 1024");
    // The list of lists is its own only entry.
    const std::uint64_t block = lists.block_of("/big", "300");
    lists.debugfs(fmt::format("set_inode_field /big block[DIND] {}", block));
    lists.debugfs("set_inode_field /big block[TIND] 0");
    lists.store(block * 1024, static_cast<std::uint32_t>(block));
    CHECK(says(lists.read(), "block map runs in a circle"));

    const HostileDisk extents;
    const std::uint64_t node = extents.block_of("/big", "5");
    // An index node of depth 1 in the inode, whose child says that it is one of depth 1 too.
    extents.debugfs("set_inode_field /big block[0] 0x0001f30a");
    extents.debugfs("set_inode_field /big block[1] 0x00020004");
    extents.debugfs("set_inode_field /big block[3] 0");
    extents.debugfs(fmt::format("set_inode_field /big block[4] {}", node));
    extents.debugfs("set_inode_field /big block[5] 0");
    std::string bytes = extents.bytes();
    const auto all = std::as_writable_bytes(std::span(bytes));
    const std::size_t at = node * 1024;
    ovfkit::store_le(all, at, std::uint32_t{0x0001f30a});
    ovfkit::store_le(all, at + 4, std::uint32_t{0x00010004});
    ovfkit::store_le(all, at + 12, std::uint32_t{0});
    ovfkit::store_le(all, at + 16, static_cast<std::uint32_t>(node));
    ovfkit::store_le(all, at + 20, std::uint32_t{0});
    extents.set_bytes(bytes);
    CHECK(says(extents.read(), "block map runs in a circle"));
}

TEST_CASE("import-security 6: entries of folders are checked",
          "[imagebuilder][filetree][hostile]") {
    const HostileDisk disk;
    const std::size_t block = disk.block_of("/dir", "0") * 1024;
    const std::string good = disk.bytes();
    const std::size_t at = good.find("small", block);
    REQUIRE(at < block + 1024);
    const auto with = [&](std::ptrdiff_t offset, const std::string& text) {
        std::string bytes = good;
        bytes.replace(at + static_cast<std::size_t>(offset), text.size(), text);
        disk.set_bytes(bytes);
        return disk.read();
    };
    CHECK(says(with(0, "a/../"), "a name in the folder is none"));
    CHECK(says(with(1, std::string(1, '\0')), "a name in the folder is none"));
    CHECK(says(with(-2, std::string(1, '\0')), "a name in the folder is none"));
    CHECK(says(with(-4, std::string("\3\0", 2)), "wrong length"));
    CHECK(says(with(-4, std::string("\xff\x7f", 2)), "wrong length"));
    CHECK(says(with(-8, "\xff\xff\xff\x7f"), "is not one of a file"));
    CHECK(says(with(-8, std::string("\x08\0\0\0", 4)), "is not one of a file"));
    CHECK(says(with(-8, std::string("\x00\x01\0\0", 4)), "it is deleted"));
    CHECK(with(0, "\n\033[2J") == "ok");
    // ".." under another name is left out: it leads nowhere else than "..".
    std::string dots = good;
    dots.replace(at, 2, "..");
    dots[at - 2] = 2;
    disk.set_bytes(dots);
    CHECK(disk.read() == "ok");
}

TEST_CASE("import-security 6: wrong checksums are damage", "[imagebuilder][filetree][hostile]") {
    const HostileDisk disk("-t ext4 -O metadata_csum");
    CHECK(disk.read() == "ok");
    const std::string good = disk.bytes();
    const auto flipped = [&](std::size_t at) {
        std::string bytes = good;
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        disk.set_bytes(bytes);
        const std::string result = disk.read();
        disk.set_bytes(good);
        return result;
    };
    CHECK(says(flipped(1024 + 0x78), "superblock"));  // its label
    const std::size_t folder = disk.block_of("/dir", "0") * 1024;
    CHECK(says(flipped(good.find("small", folder)), "checksum of the folder"));
    const auto where = shell("debugfs -R 'imap /big' disk 2>/dev/null ",
                             std::filesystem::path(disk.path()).parent_path());
    // "located at block 5, offset 0x0b00"
    const std::size_t block = std::stoull(where.out.substr(where.out.find("at block ") + 9));
    const std::size_t offset =
        std::stoull(where.out.substr(where.out.find("offset ") + 7), nullptr, 16);
    CHECK(says(flipped(block * 1024 + offset + 16), "checksum of an inode"));
}

TEST_CASE("import-security 6: superblocks that make no sense are refused",
          "[imagebuilder][filetree][hostile]") {
    const HostileDisk disk;
    const std::string good = disk.bytes();
    for (const std::size_t field :
         std::vector<std::size_t>{0x00, 0x04, 0x14, 0x18, 0x20, 0x28, 0x48, 0x4c, 0x54, 0x58, 0x60,
                                  0x64, 0xfc, 0x100, 0x104, 0x150}) {
        for (const std::uint32_t value : {0U, 1U, 0x7fU, 0xffffU, 0x7fffffffU, 0xffffffffU}) {
            CAPTURE(field, value);
            std::string bytes = good;
            ovfkit::store_le(std::as_writable_bytes(std::span(bytes)), 1024 + field, value);
            disk.set_bytes(bytes);
            CHECK_FALSE(disk.read().empty());
        }
    }
}

TEST_CASE("import-security 6: an image that is cut anywhere ends cleanly",
          "[imagebuilder][filetree][hostile]") {
    const HostileDisk disk;
    const std::string good = disk.bytes();
    for (std::size_t size = 512; size < good.size(); size = size * 5 / 4 + 512) {
        CAPTURE(size);
        disk.set_bytes(std::string_view(good).substr(0, size));
        CHECK_FALSE(disk.read().empty());
    }
}

TEST_CASE("import-security 6: the same blocks in many files do not fill the stream",
          "[imagebuilder][filetree][hostile]") {
    const HostileDisk disk;
    // 64 folders' worth of files that all claim the blocks of one.
    std::string requests;
    for (int i = 0; i < 64; ++i) {
        requests += fmt::format(
            "copy_inode /big <{}>\nset_inode_field <{}> links_count 1\n"
            "link <{}> /lists/{}\n",
            200 + i, 200 + i, 200 + i, i);
    }
    base::write_file(disk.path() + ".requests", requests);
    shell("debugfs -w -f disk.requests disk >/dev/null 2>&1",
          std::filesystem::path(disk.path()).parent_path());
    CHECK(says(disk.read(), "more content than the whole disk can hold"));
}
