// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/ovfkit/disk/disk_samples.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <random>

#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/stream.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"
#include "tests/support/catch.h"

namespace tests {

namespace {

// Half noise, half a repeated line.
std::string sample_block(std::mt19937_64& random, std::size_t size) {
    std::string block(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        block[i] = i < size / 2 ? static_cast<char>(random() & 0xffU)
                                : "a line of text in a file\n"[i % 25];
    }
    return block;
}

}  // namespace

void make_sample_disk(const std::filesystem::path& path, std::uint64_t bytes, unsigned seed) {
    const base::UniqueFd fd = base::open_file(path.string(), O_RDWR | O_CREAT | O_TRUNC);
    REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(bytes)) == 0);
    std::mt19937_64 random(seed);
    const std::uint64_t boundary = 32U << 20U;
    const auto put = [&](std::uint64_t offset, std::uint64_t size) {
        if (offset < bytes) {
            const std::string block = sample_block(random, std::min(size, bytes - offset));
            base::pwrite_all(fd.get(), base::as_bytes(block), offset, path.string());
        }
    };
    put(0, 100000);
    put(bytes / 2, 1500000);
    put(boundary - 200000, 400000);
    put(bytes - std::min<std::uint64_t>(bytes, 5000), 5000);
    const std::string zeros(300000, '\0');
    if (bytes > 2000000) {
        base::pwrite_all(fd.get(), base::as_bytes(zeros), 1000000, path.string());
    }
}

std::string run_qemu_img(const std::vector<std::string>& arguments) {
    base::Command command{.argv = {"qemu-img"}};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return base::run_checked(command).out;
}

void require_same_file(const std::filesystem::path& one, const std::filesystem::path& other) {
    REQUIRE(base::file_size(one) == base::file_size(other));
    const auto result = base::run({.argv = {"cmp", one.string(), other.string()}});
    CHECK(result.out == "");
    REQUIRE(result.status == 0);
}

std::string read_whole(const ovfkit::DiskReader& disk) {
    std::vector<std::byte> bytes(disk.capacity_bytes());
    disk.read_at(0, bytes);
    return std::string(base::as_text(bytes));
}

Decoded decode(const std::string& bytes, std::size_t chunk, const std::string& format_uri,
               const std::string& compression, ovfkit::DiskSinkOptions options) {
    const base::UniqueFd fd(::memfd_create("decoded", MFD_CLOEXEC));
    REQUIRE(fd.get() >= 0);
    options.fd = fd.get();
    options.name = "disk1.vmdk";
    const auto sink = ovfkit::make_member_sink(options, format_uri, compression);
    auto rest = base::as_bytes(bytes);
    while (!rest.empty()) {
        const std::size_t count = std::min(chunk, rest.size());
        sink->write(rest.first(count));
        rest = rest.subspan(count);
    }
    Decoded result{.disk = sink->finish()};
    struct stat info {};
    REQUIRE(::fstat(fd.get(), &info) == 0);
    std::vector<std::byte> raw(static_cast<std::size_t>(info.st_size));
    base::pread_exactly(fd.get(), raw, 0, "decoded");
    result.raw = base::as_text(raw);
    return result;
}

std::string encode(const std::filesystem::path& raw, unsigned threads, int level) {
    base::MemorySink sink;
    const auto disk = ovfkit::open_disk(raw.string(), ovfkit::DiskFormat::raw);
    const auto result =
        ovfkit::encode_stream_optimized(*disk, sink, {.level = level, .threads = threads});
    REQUIRE(result.encoded_bytes == sink.data().size());
    return sink.data();
}

}  // namespace tests
