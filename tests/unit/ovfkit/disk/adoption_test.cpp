// SPDX-License-Identifier: Apache-2.0
// Streams that become qcow2 images: each is checked by qemu-img and compared with the raw disk.
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "ovfkit/disk/qcow2/qcow2_writer.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"
#include "tests/unit/ovfkit/disk/vmdk_samples.h"

using base::ErrorKind;
using tests::VmdkBuilder;

namespace {

ovfkit::DiskSinkOptions into_qcow2(bool covered) {
    return {.target = ovfkit::DiskFormat::qcow2, .covered_by_digest = covered};
}

// Decodes into `path`, has qemu-img check it, and reads it back through qemu-img.
std::string adopt(const std::string& stream, const std::filesystem::path& path, bool covered = true,
                  const std::string& format_uri = ovfkit::kStreamOptimizedFormatUri,
                  std::size_t chunk = 100000) {
    const auto decoded = tests::decode(stream, chunk, format_uri, "", into_qcow2(covered));
    base::write_file(path, decoded.raw);
    tests::run_qemu_img({"check", "-f", "qcow2", path.string()});  // leaks fail it too
    const auto raw = path.string() + ".raw";
    tests::run_qemu_img({"convert", "-f", "qcow2", "-O", "raw", path.string(), raw});
    const std::string content = base::read_file(raw, 1U << 30U);
    CHECK(content.size() == decoded.disk.capacity_bytes);
    return content;
}

std::uint64_t compressed_clusters(const std::filesystem::path& path) {
    const std::string map =
        tests::run_qemu_img({"map", "--output=json", "-f", "qcow2", path.string()});
    std::uint64_t count = 0;
    for (std::size_t at = 0; (at = map.find("\"data\": true", at)) != std::string::npos; ++at) {
        const std::size_t end = map.find('}', at);
        count += map.substr(at, end - at).find("offset") == std::string::npos ? 1U : 0U;
    }
    return count;
}

std::string stream_of(const std::string& grain, const std::string& packed,
                      std::uint64_t capacity = 256) {
    VmdkBuilder vmdk;
    VmdkBuilder::Header fields{.capacity = capacity};
    vmdk.add(VmdkBuilder::header(fields)).packed_grain(0, packed).grain(128, grain);
    fields.directory = vmdk.tables();
    vmdk.footer(fields).end();
    return vmdk.bytes();
}

}  // namespace

TEST_CASE("adopted disks read back as they were, from every writer", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto raw = dir.path() / "in.raw";
    for (const std::uint64_t bytes :
         {std::uint64_t{512}, std::uint64_t{65536}, std::uint64_t{(40U << 20U) + 512}}) {
        INFO("disk of " << bytes);
        tests::make_sample_disk(raw, bytes);
        const std::string content = base::read_file(raw, 1U << 30U);
        const auto vmdk = dir.path() / "qemu.vmdk";
        tests::run_qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o",
                             "subformat=streamOptimized", raw.string(), vmdk.string()});
        for (const bool covered : {true, false}) {
            CHECK((adopt(tests::encode(raw), dir.path() / "a.qcow2", covered) == content));
            CHECK((adopt(base::read_file(vmdk), dir.path() / "b.qcow2", covered) == content));
        }
    }
}

TEST_CASE("adoption keeps the deflated bytes and gives the same file each time", "[ovfkit][disk]") {
    const base::TempDir dir;
    tests::make_sample_disk(dir.path() / "in.raw", 40U << 20U);
    const std::string vmdk = tests::encode(dir.path() / "in.raw");
    const auto first = tests::decode(vmdk, 1U << 20U, "", "", into_qcow2(true));
    CHECK(first.raw == tests::decode(vmdk, 777, "", "", into_qcow2(true)).raw);
    // Checking costs time, not bytes.
    CHECK(first.raw == tests::decode(vmdk, 1U << 20U, "", "", into_qcow2(false)).raw);
    // Tables, and room that plain clusters cut off: holes of the file.
    CHECK(first.raw.size() < vmdk.size() + 24 * 65536);
    const auto adopted = dir.path() / "a.qcow2";
    base::write_file(adopted, first.raw);
    CHECK(compressed_clusters(adopted) > 1);
}

TEST_CASE("grains that no compressed cluster can hold are stored plain", "[ovfkit][disk]") {
    const base::TempDir dir;
    const std::string grain(65536, 'a');
    const std::string good = VmdkBuilder::deflated(grain);
    // One stored block: larger than the grain.
    std::string stored("\x78\x01\x00\xfe\xff\x01\x00", 7);
    stored += grain.substr(0, 65534);
    stored += std::string("\x01\x02\x00\xfd\xff", 5) + grain.substr(0, 2);
    stored += good.substr(good.size() - 4);
    const auto path = dir.path() / "a.qcow2";
    for (const bool covered : {true, false}) {
        CHECK((adopt(stream_of(grain, stored), path, covered) == grain + grain));
        CHECK((adopt(stream_of(grain, good), path, covered) == grain + grain));
        // The last grain reaches past the end of the disk.
        CHECK((adopt(stream_of(grain, good, 129), path, covered) == grain + grain.substr(0, 512)));
    }
}

TEST_CASE("other grain sizes and raw streams become plain clusters", "[ovfkit][disk]") {
    const base::TempDir dir;
    const std::string small(4096, 'x');
    VmdkBuilder vmdk;
    VmdkBuilder::Header fields{.capacity = 64, .grain = 8};
    vmdk.add(VmdkBuilder::header(fields)).grain(0, small).grain(56, small).grain(16, small);
    fields.directory = vmdk.tables(8);
    vmdk.footer(fields).end();
    const std::string hole(4096, '\0');
    std::string expected = small + hole + small + hole + hole + hole + hole + small;
    CHECK((adopt(vmdk.bytes(), dir.path() / "a.qcow2") == expected));

    const auto raw = dir.path() / "in.raw";
    tests::make_sample_disk(raw, 3U << 20U);
    const std::string content = base::read_file(raw);
    for (const std::size_t chunk : {1000U, 65536U, 10000000U}) {
        CHECK((adopt(content, dir.path() / "b.qcow2", true, "raw", chunk) == content));
    }
}

TEST_CASE("without a digest a damaged grain is found, with one its framing is", "[ovfkit][disk]") {
    const std::string grain(65536, 'a');
    std::string packed = VmdkBuilder::deflated(grain);
    packed[packed.size() - 1] = static_cast<char>(packed.back() ^ 1);  // Adler-32
    const auto error_of = [&](const std::string& bytes, bool covered) {
        return tests::error_of([&] { tests::decode(bytes, 4096, "", "", into_qcow2(covered)); });
    };
    CHECK(error_of(stream_of(grain, packed), false).kind() == ErrorKind::invalid_input);
    CHECK_NOTHROW(tests::decode(stream_of(grain, packed), 4096, "", "", into_qcow2(true)));
    for (const bool covered : {true, false}) {
        std::string odd = VmdkBuilder::deflated(grain);
        odd[0] = '\x79';  // not deflate
        CHECK(error_of(stream_of(grain, odd), covered).message() ==
              "VMDK 'disk1.vmdk' is damaged: grain 0 cannot be inflated");
        // Too small to inflate to a grain.
        CHECK(error_of(stream_of(grain, VmdkBuilder::deflated("short")), covered).message() ==
              "VMDK 'disk1.vmdk' is damaged: grain 0 has 5 bytes");
        const std::string whole = stream_of(grain, VmdkBuilder::deflated(grain));
        CHECK(error_of(whole.substr(0, whole.size() - 512), covered).kind() ==
              ErrorKind::invalid_input);
    }
}

TEST_CASE("clusters in any order, deflated and plain, over many tables", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto path = dir.path() / "out.qcow2";
    constexpr std::uint64_t kCluster = ovfkit::Qcow2Writer::kClusterBytes;
    constexpr std::uint64_t kCapacity = std::uint64_t{1} << 40U;
    const std::string plain(kCluster, 'p');
    const std::string zlib = VmdkBuilder::deflated(std::string(kCluster, 'd'));
    const auto deflated = base::as_bytes(zlib).subspan(2, zlib.size() - 6);
    {
        const base::UniqueFd fd = base::open_file(path.string(), O_RDWR | O_CREAT | O_EXCL);
        ovfkit::Qcow2Writer writer(fd.get(), path.string());
        writer.set_capacity(kCapacity);
        // 100 L2 tables, more than are kept in memory, each visited twice.
        for (const std::uint64_t round : {0U, 1U}) {
            for (std::uint64_t i = 0; i < 100; ++i) {
                const std::uint64_t cluster = (i * 37 % 100) * 8192 * 20 + round * 3;
                if (i % 2 == 0) {
                    writer.add_compressed(cluster, deflated);
                } else {
                    writer.reserve(cluster * kCluster, kCluster);
                    writer.write_at(cluster * kCluster, base::as_bytes(plain));
                }
            }
        }
        writer.finish();
    }
    tests::run_qemu_img({"check", "-f", "qcow2", path.string()});
    const auto disk = ovfkit::open_disk(path.string(), ovfkit::DiskFormat::qcow2);
    CHECK(disk->capacity_bytes() == kCapacity);
    std::vector<std::byte> block(kCluster);
    for (const std::uint64_t round : {0U, 1U}) {
        for (std::uint64_t i = 0; i < 100; ++i) {
            disk->read_at(((i * 37 % 100) * 8192 * 20 + round * 3) * kCluster, block);
            REQUIRE((base::as_text(block) == std::string(kCluster, i % 2 == 0 ? 'd' : 'p')));
        }
    }
    CHECK(base::file_size(path) < (40U << 20U));
}

TEST_CASE("a qcow2 that outgrows a refcount block is still right", "[ovfkit][disk]") {
    const base::TempDir dir;
    const auto path = dir.path() / "out.qcow2";
    constexpr std::uint64_t kCluster = ovfkit::Qcow2Writer::kClusterBytes;
    constexpr std::uint64_t kClusters = 70000;  // two blocks and a bit
    {
        const base::UniqueFd fd = base::open_file(path.string(), O_RDWR | O_CREAT | O_EXCL);
        ovfkit::Qcow2Writer writer(fd.get(), path.string());
        writer.set_capacity(kClusters * kCluster);
        writer.reserve(0, kClusters * kCluster);  // room only: the file stays small
        writer.write_at((kClusters - 1) * kCluster, base::as_bytes(std::string(kCluster, 'z')));
        writer.finish();
    }
    tests::run_qemu_img({"check", "-f", "qcow2", path.string()});
    const auto disk = ovfkit::open_disk(path.string(), ovfkit::DiskFormat::qcow2);
    std::vector<std::byte> block(kCluster);
    disk->read_at((kClusters - 1) * kCluster, block);
    CHECK((base::as_text(block) == std::string(kCluster, 'z')));
}
