// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/disk/partition_table.h"

#include <fmt/format.h>

#include "base/file.h"
#include "ovfkit/package/source/filter/unpacker.h"
#include "tests/support/catch.h"
#include "tests/support/memory_disk.h"
#include "tests/support/shell.h"
#include "tests/support/tree_contract.h"

using namespace imagebuilder;
using Kind = PartitionTable::Kind;
using ovfkit::store_le;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;

// A disk of 16 MiB that sfdisk divided.
std::string divided_disk(const std::string& script, const std::string& options = "") {
    const base::TempDir dir;
    base::write_file(dir.path() / "script", script);
    tests::shell(fmt::format("truncate -s 16M disk; sfdisk -q {} disk <script", options),
                 dir.path());
    return base::read_file(dir.path() / "disk");
}

PartitionTable table_of(std::string_view bytes) {
    const tests::MemoryDisk disk(base::as_bytes(bytes));
    return read_partition_table(DiskPages(disk));
}

// number, offset and size in MiB.
std::string places(const PartitionTable& table) {
    std::string text;
    for (const Partition& part : table.partitions) {
        text += fmt::format("{}:{}+{} ", part.number, part.offset / kMiB, part.bytes / kMiB);
    }
    return text;
}

std::span<std::byte> writable(std::string& bytes) {
    return std::as_writable_bytes(std::span(bytes));
}

constexpr const char* kGptScript = R"(label: gpt
label-id: 01234567-89AB-CDEF-8123-456789ABCDEF
first-lba: 64
1 : start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649, name="boot"
3 : start=6144, size=8192, uuid=11111111-2222-3333-4444-555555555555, name="root"
)";

constexpr const char* kMbrScript = R"(label: dos
label-id: 0x1234abcd
1 : start=2048, size=2048, type=83
4 : start=6144, size=24576, type=5
5 : start=8192, size=2048, type=83
6 : start=12288, size=4096, type=82
)";

}  // namespace

TEST_CASE("a GUID partition table is read", "[imagebuilder][filetree]") {
    const PartitionTable table = table_of(divided_disk(kGptScript));
    CHECK(table.kind == Kind::gpt);
    CHECK(table.disk_id == "01234567-89ab-cdef-8123-456789abcdef");
    CHECK(places(table) == "1:1+1 3:3+4 ");
    CHECK(table.partitions[0].type == "21686148-6449-6e6f-744e-656564454649");
    CHECK(table.partitions[1].uuid == "11111111-2222-3333-4444-555555555555");
    CHECK(table.partitions[1].label == "root");
    CHECK(table.notes.empty());
}

TEST_CASE("of a damaged GUID partition table the backup is read", "[imagebuilder][filetree]") {
    const std::string good = divided_disk(kGptScript);
    for (const std::size_t at : {std::size_t{512 + 40}, std::size_t{1024 + 300}}) {
        std::string bytes = good;
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        const PartitionTable table = table_of(bytes);
        CHECK(places(table) == "1:1+1 3:3+4 ");
        CHECK(table.notes.size() == 1);
        bytes[bytes.size() - 512 + 40] ^= 1;
        CHECK(tests::kind_of_failure([&] { table_of(bytes); }) == base::ErrorKind::invalid_input);
    }
}

TEST_CASE("a GUID partition table of a cut or grown disk is read", "[imagebuilder][filetree]") {
    std::string bytes = divided_disk(kGptScript);
    const PartitionTable cut = table_of(std::string_view(bytes).substr(0, 5 * kMiB));
    CHECK(places(cut) == "1:1+1 3:3+2 ");
    CHECK(cut.notes == std::vector<std::string>{"partition 3 reaches beyond the end of the disk"});
    const PartitionTable shorter = table_of(std::string_view(bytes).substr(0, 2 * kMiB));
    CHECK(places(shorter) == "1:1+1 ");
    CHECK(shorter.notes == std::vector<std::string>{"partition 3 lies outside the disk"});
    bytes.resize(20 * kMiB);
    bytes[512 + 88] ^= 1;  // the first copy: its backup stands where the disk ended before
    CHECK(tests::kind_of_failure([&] { table_of(bytes); }) == base::ErrorKind::invalid_input);
}

TEST_CASE("a GUID partition table of 4096-byte sectors is read", "[imagebuilder][filetree]") {
    const std::string small = divided_disk(kGptScript);
    std::string bytes(16 * kMiB, '\0');
    bytes.replace(0, 512, small, 0, 512);
    // The same header and entries in larger sectors: eight times as far away.
    bytes.replace(4096, 512, small, 512, 512);
    bytes.replace(2 * 4096, 128 * 128, small, 1024, 128 * 128);
    const PartitionTable table = table_of(bytes);
    CHECK(table.kind == Kind::gpt);
    CHECK(places(table) == "1:8+8 ");
    CHECK(table.notes == std::vector<std::string>{"partition 3 lies outside the disk"});
}

TEST_CASE("a master boot record with logical partitions is read", "[imagebuilder][filetree]") {
    const PartitionTable table = table_of(divided_disk(kMbrScript));
    CHECK(table.kind == Kind::mbr);
    CHECK(table.disk_id == "1234abcd");
    CHECK(places(table) == "1:1+1 5:4+1 6:6+2 ");
    CHECK(table.partitions[1].type == "0x83");
    CHECK(table.partitions[1].uuid == "1234abcd-05");
    CHECK(table.partitions[2].type == "0x82");
    CHECK(table.notes.empty());
}

TEST_CASE("wild partitions are listed as far as they go", "[imagebuilder][filetree]") {
    const std::string good = divided_disk(kMbrScript);
    SECTION("outside the disk, and overlapping") {
        std::string bytes = good;
        store_le(writable(bytes), 446 + 12, std::uint32_t{9000});
        store_le(writable(bytes), 446 + 16 + 4, std::uint32_t{0x83});
        store_le(writable(bytes), 446 + 16 + 8, std::uint32_t{0xfffffff0});
        store_le(writable(bytes), 446 + 16 + 12, std::uint32_t{0xfffffff0});
        const PartitionTable table = table_of(bytes);
        CHECK(places(table) == "1:1+4 5:4+1 6:6+2 ");
        CHECK(table.notes == std::vector<std::string>{"partition 2 lies outside the disk",
                                                      "partitions 1 and 5 overlap"});
    }
    SECTION("a list of logical partitions that runs in a circle") {
        std::string bytes = good;
        store_le(writable(bytes), 6144 * 512 + 446 + 16 + 8, std::uint32_t{0});
        const PartitionTable table = table_of(bytes);
        CHECK(places(table) == "1:1+1 5:4+1 ");
        CHECK(table.notes == std::vector<std::string>{"the list of logical partitions is damaged"});
    }
    SECTION("a list of logical partitions that leads out of the disk") {
        std::string bytes = good;
        store_le(writable(bytes), 6144 * 512 + 446 + 16 + 8, std::uint32_t{0xfffff000});
        CHECK(places(table_of(bytes)) == "1:1+1 5:4+1 ");
    }
    SECTION("no partition that fits") {
        std::string bytes = good.substr(0, 1024);
        const PartitionTable table = table_of(bytes);
        CHECK(table.kind == Kind::none);
        CHECK(places(table) == "0:0+0 ");
        CHECK_FALSE(table.notes.empty());
    }
    SECTION("in a GUID partition table") {
        std::string gpt = divided_disk(kGptScript);
        // First and last sector of partition 3; the checksums are made to fit.
        const auto resum = [&] {
            std::span<std::byte> all = writable(gpt);
            store_le(all, 512 + 88, ovfkit::crc32_of(0, all.subspan(1024, 128 * 128)));
            store_le(all, 512 + 16, std::uint32_t{0});
            store_le(all, 512 + 16, ovfkit::crc32_of(0, all.subspan(512, 92)));
        };
        store_le(writable(gpt), 1024 + 2 * 128 + 40, std::uint64_t{0xffffffffffffffff});
        resum();
        CHECK(places(table_of(gpt)) == "1:1+1 3:3+13 ");
        store_le(writable(gpt), 1024 + 2 * 128 + 32, std::uint64_t{0xfffffffffffffffe});
        resum();
        CHECK(places(table_of(gpt)) == "1:1+1 ");
        store_le(writable(gpt), 1024 + 2 * 128 + 32, std::uint64_t{2048});
        store_le(writable(gpt), 1024 + 2 * 128 + 40, std::uint64_t{1});
        resum();
        CHECK(places(table_of(gpt)) == "1:1+1 ");
        // More entries than any table has.
        store_le(writable(gpt), 512 + 80, std::uint32_t{0xffffffff});
        store_le(writable(gpt), 512 + 16, std::uint32_t{0});
        store_le(writable(gpt), 512 + 16, ovfkit::crc32_of(0, writable(gpt).subspan(512, 92)));
        CHECK(places(table_of(gpt)) == "1:1+1 3:3+4 ");  // of the backup
    }
}

TEST_CASE("a disk without a table is one place", "[imagebuilder][filetree]") {
    CHECK(places(table_of(std::string(3 * kMiB, '\0'))) == "0:0+3 ");
    CHECK(table_of("").partitions.empty());
    CHECK(places(table_of(std::string(600, 'x'))) == "0:0+0 ");
}
