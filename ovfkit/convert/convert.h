// SPDX-License-Identifier: Apache-2.0
// One disk from one form to another: out of a package (verified in the same pass), or from a disk
// of the user's own, into a raw or qcow2 image, a streamOptimized VMDK or a package of one disk.
// The output appears under its name only when it is complete and everything was checked; nothing
// temporary is written but the output itself. Not thread-safe; uses threads of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "ovfkit/disk/disk_reader.h"
#include "ovfkit/package/package_reader.h"
#include "ovfkit/profile/profile.h"

namespace ovfkit {

enum class DiskForm { raw, qcow2, vmdk, package };

std::string_view to_string(DiskForm form);                      // "raw", "qcow2", "vmdk", "ova"
std::optional<DiskForm> find_disk_form(std::string_view name);  // as --to names it
// By the extension of a path; nullopt when it tells nothing.
std::optional<DiskForm> form_of_path(const std::string& path);

struct ConvertOptions {
    std::string input;   // a path; of a package also "-" and a URL
    std::string output;  // a path; "-" for a VMDK or a package into standard output
    bool from_package = false;
    std::optional<DiskFormat> from;  // of a disk; absent: its first bytes tell
    DiskForm to = DiskForm::raw;

    // Out of a package.
    std::string disk;  // id or file name; empty: the first one that has a file
    VerifyPolicy policy;

    // Into a VMDK or a package.
    int level = 6;      // 1 to 12
    bool fast = false;  // instead of a level: quick, and about a tenth larger

    // Into a package.
    Profile profile = Profile::generic;
    std::string name;  // of the virtual system; empty: from the output's name
    std::uint32_t cpus = 1;
    std::uint64_t memory_bytes = base::kGiB;
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;

    unsigned threads = 0;  // 0: one per core
    std::function<void(std::uint64_t done, std::uint64_t total)> on_progress;
};

struct ConvertResult {
    std::string disk;                   // the file in the package, or the input
    std::string encoding;               // what it was: "streamOptimized", "raw", "qcow2", …
    std::uint64_t capacity_bytes = 0;   // of the disk
    std::uint64_t populated_bytes = 0;  // of it that is not known to be zeros
    std::uint64_t output_bytes = 0;     // as the output is long
    std::uint64_t other_disks = 0;      // of the package, left aside
    std::optional<PackageReport> package;
};

// Throws base::Error naming the object; the output is then as it was before.
ConvertResult convert_disk(const ConvertOptions& options);

}  // namespace ovfkit
