// SPDX-License-Identifier: Apache-2.0
// Every VMDK of the corpus: decoded as qemu-img decodes it, or refused for the reason INDEX.tsv
// gives.
#include <algorithm>
#include <fstream>

#include "base/file.h"
#include "tests/support/catch.h"
#include "tests/support/corpus.h"
#include "tests/unit/ovfkit/disk/disk_samples.h"

namespace {

bool is_stream_optimized(const std::string& bytes) {
    return bytes.size() > 512 && bytes.starts_with("KDMV") && (bytes[10] & 3) == 3;
}

void check_against_qemu(const std::filesystem::path& path, const std::string& bytes) {
    const base::TempDir dir;
    tests::run_qemu_img(
        {"convert", "-f", "vmdk", "-O", "raw", path.string(), (dir.path() / "qemu.raw").string()});
    const auto decoded = tests::decode(bytes, 70001);
    base::write_file(dir.path() / "ours.raw", decoded.raw);
    tests::require_same_file(dir.path() / "ours.raw", dir.path() / "qemu.raw");
}

}  // namespace

TEST_CASE("every VMDK of the corpus is decoded or refused for its reason", "[ovfkit][corpus]") {
    const auto corpus = tests::find_corpus();
    if (!corpus) {
        return;
    }
    int decoded = 0;
    int refused = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*corpus)) {
        if (entry.path().extension() != ".vmdk" || !entry.is_regular_file()) {
            continue;
        }
        INFO(entry.path());
        const std::string bytes = base::read_file(entry.path());
        const bool cut = entry.path().filename().string().starts_with("ttylinux");
        if (is_stream_optimized(bytes) && !cut && base::file_size(entry.path()) < 2U << 20U) {
            check_against_qemu(entry.path(), bytes);
            ++decoded;
            continue;
        }
        const auto error = tests::error_of([&] { tests::decode(bytes); });
        const bool vmdk = bytes.starts_with("KDMV") || bytes.starts_with("# Disk Desc");
        CHECK(error.kind() ==
              (vmdk && !cut ? base::ErrorKind::unsupported : base::ErrorKind::invalid_input));
        ++refused;
    }
    CHECK(decoded >= 5);
    CHECK(refused >= 10);
}
