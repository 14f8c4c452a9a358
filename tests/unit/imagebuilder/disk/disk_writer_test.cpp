// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/disk_writer.h"

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/support/root_tar.h"

using namespace imagebuilder;

namespace {

constexpr std::uint64_t kDiskBytes = 64 * base::kMiB;

std::string pattern(std::size_t bytes, unsigned seed) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) {
        text[i] = static_cast<char>((i / 7 + seed) % 251 + 1);
    }
    return text;
}

}  // namespace

TEST_CASE("what is streamed and what is not become one disk", "[imagebuilder][disk]") {
    const base::TempDir dir;
    std::string expected(kDiskBytes, '\0');
    {
        DiskWriter writer(dir.path() / "scratch", dir.path() / "disk.qcow2", kDiskBytes);
        unsigned seed = 0;
        const auto stream = [&](std::uint64_t offset, std::size_t bytes) {
            const std::string data = pattern(bytes, ++seed);
            writer.stream(offset, base::as_bytes(data));
            expected.replace(offset, bytes, data);
        };
        const auto scratch = [&](std::uint64_t offset, std::size_t bytes) {
            const std::string data = pattern(bytes, ++seed);
            writer.write_scratch(offset, base::as_bytes(data));
            expected.replace(offset, bytes, data);
        };
        stream(4096, 8192);             // inside of a cluster
        stream(12288, 300000);          // goes on, over its end
        scratch(0, 4096);               // beside it
        stream(2 * base::kMiB, 65536);  // a whole cluster
        stream(5 * base::kMiB, 3 * base::kMiB);
        stream(8 * base::kMiB, 4096);  // goes on with a part
        scratch(8 * base::kMiB + 4096, 61440);
        stream(8 * base::kMiB + 65536, 4096 * 17);
        stream(base::kMiB, 4096 * 33);  // back
        scratch(40 * base::kMiB + 512, 1000);
        scratch(kDiskBytes - 512, 512);
        writer.finish();
    }
    CHECK_FALSE(std::filesystem::exists(dir.path() / "scratch"));
    base::write_file(dir.path() / "expected", expected);
    tests::run_shell(
        "qemu-img check -q disk.qcow2; qemu-img compare -f raw -F qcow2 expected disk.qcow2",
        dir.path());
}
