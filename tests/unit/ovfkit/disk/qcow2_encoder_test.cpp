// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/qcow2/qcow2_encoder.h"

#include <fcntl.h>
#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kCluster = ovfkit::Qcow2Writer::kClusterBytes;

// All of the raw disk, every second batch first.
void encode_qcow2(const fs::path& raw, const fs::path& qcow2, unsigned threads, int level = 3) {
    const auto disk = ovfkit::open_disk(raw.string(), ovfkit::DiskFormat::raw);
    const std::uint64_t capacity = disk->capacity_bytes();
    const base::UniqueFd fd = base::open_file(qcow2.string(), O_RDWR | O_CREAT | O_TRUNC);
    ovfkit::Qcow2Encoder encoder(fd.get(), qcow2.string(), capacity,
                                 {.level = level, .threads = threads});
    constexpr std::uint64_t kBatch = ovfkit::Qcow2Encoder::kBatchBytes;
    for (const std::uint64_t begin : {std::uint64_t{0}, kBatch}) {
        for (std::uint64_t at = begin; at < capacity; at += 2 * kBatch) {
            std::vector<std::byte> bytes(std::min(kBatch, capacity - at));
            disk->read_at(at, bytes);
            encoder.add(at, std::move(bytes));
        }
    }
    encoder.finish();
}

}  // namespace

TEST_CASE("a qcow2 of zstd clusters is what QEMU takes it for", "[ovfkit][disk]") {
    const base::TempDir dir;
    const fs::path raw = dir.path() / "disk.raw";
    const fs::path qcow2 = dir.path() / "disk.qcow2";
    // The last cluster is cut short; a stretch of one byte packs thousands of clusters into one.
    tests::make_sample_disk(raw, (97U << 20U) + 512 * 3, 7);
    {
        const base::UniqueFd fd = base::open_file(raw.string(), O_RDWR);
        base::pwrite_all(fd.get(), base::as_bytes(std::string(60 * kCluster, 'x')), 40U << 20U,
                         "raw");
    }
    encode_qcow2(raw, qcow2, 2);
    tests::run_qemu_img({"check", "-f", "qcow2", qcow2.string()});
    tests::run_qemu_img({"compare", "-f", "raw", "-F", "qcow2", raw.string(), qcow2.string()});
    CHECK(tests::run_qemu_img({"info", qcow2.string()}).find("compression type: zstd") !=
          std::string::npos);
    const auto disk = ovfkit::open_disk(qcow2.string(), ovfkit::DiskFormat::qcow2);
    CHECK(tests::read_whole(*disk) == base::read_file(raw, 200U << 20U));
    CHECK(base::file_size(qcow2) < 60U << 20U);
}

TEST_CASE("the bytes do not depend on the number of threads", "[ovfkit][disk]") {
    const base::TempDir dir;
    const fs::path raw = dir.path() / "disk.raw";
    tests::make_sample_disk(raw, 97U << 20U, 3);
    encode_qcow2(raw, dir.path() / "one", 1);
    for (const unsigned threads : {2U, 5U}) {
        encode_qcow2(raw, dir.path() / "many", threads);
        tests::require_same_file(dir.path() / "one", dir.path() / "many");
    }
    encode_qcow2(raw, dir.path() / "other", 2, 1);
    CHECK(base::read_file(dir.path() / "other") != base::read_file(dir.path() / "one"));
}

TEST_CASE("a disk of zeros is a qcow2 without data", "[ovfkit][disk]") {
    const base::TempDir dir;
    const fs::path path = dir.path() / "empty.qcow2";
    {
        const base::UniqueFd fd = base::open_file(path.string(), O_RDWR | O_CREAT);
        ovfkit::Qcow2Encoder encoder(fd.get(), path.string(), 1U << 30U);
        encoder.add(0, std::vector<std::byte>(3 * kCluster));
        encoder.finish();
    }
    tests::run_qemu_img({"check", "-f", "qcow2", path.string()});
    const auto disk = ovfkit::open_disk(path.string(), ovfkit::DiskFormat::qcow2);
    CHECK(disk->capacity_bytes() == 1U << 30U);
    CHECK_FALSE(disk->next_data(0));
    CHECK(base::file_size(path) <= 5 * kCluster);
}

TEST_CASE("a file that cannot be written fails the encoder", "[ovfkit][disk]") {
    const base::UniqueFd full = base::open_file("/dev/full", O_RDWR);
    ovfkit::Qcow2Encoder encoder(full.get(), "/dev/full", 1U << 30U, {.threads = 2});
    const auto fill = [&] {
        for (std::uint64_t i = 0; i < 64; ++i) {
            std::vector<std::byte> bytes(ovfkit::Qcow2Encoder::kBatchBytes, std::byte(i + 1));
            encoder.add(i * bytes.size(), std::move(bytes));
        }
        encoder.finish();
    };
    const auto error = tests::error_of(fill);
    CHECK(error.message().find("/dev/full") != std::string::npos);
}
