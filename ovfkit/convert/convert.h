// SPDX-License-Identifier: Apache-2.0
// One disk from one form to another: out of a package (verified in the same pass), or from a disk
// of the user's own, into a raw or qcow2 image, a streamOptimized VMDK or a package of one disk. Or
// a whole package into an OVA whose disks are streamOptimized VMDKs as VMware wants them.
// The output appears under its name only when it is complete and everything was checked. Nothing
// temporary is written but the output itself, the parents of a delta disk, and disks in a package
// that have to be read at random (ovfkit/disk/foreign_sink.h). Not thread-safe; uses threads of its
// own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "ovfkit/convert/disk_form.h"
#include "ovfkit/disk/disk_reader.h"
#include "ovfkit/package/package_reader.h"
#include "ovfkit/profile/profile.h"

namespace ovfkit {

struct ConvertOptions {
    std::string input;   // a path; of a package also "-" and a URL
    std::string output;  // a path; "-" for an own disk as VMDK or package into standard output
    bool from_package = false;
    std::optional<DiskFormat> from;  // of a disk; absent: its first bytes tell, and of raw its name
    DiskForm to = DiskForm::raw;

    // Out of a package.
    std::string disk;  // id or file name; empty: the first one that has a file
    VerifyPolicy policy;

    // Into a VMDK or a package.
    std::optional<int> level;  // 1 to 12; absent: 6, and grains of a package's VMDK are kept
    bool fast = false;         // instead of a level: quick, and about a tenth larger

    // Into a package, from a disk of one's own.
    std::string name;                           // of the virtual system; empty: the output's
    std::optional<std::uint32_t> cpus;          // absent: 1
    std::optional<std::uint64_t> memory_bytes;  // absent: 1 GiB
    std::optional<Profile> profile;             // absent: generic
    base::DigestAlgorithm digest = base::DigestAlgorithm::sha256;

    unsigned threads = 0;  // 0: one per core
    std::function<void(std::uint64_t done, std::uint64_t total)> on_progress;
};

struct ConvertedDisk {
    std::string from;  // its file in the package
    std::string file;  // its file in the new one
    std::string encoding;
    std::uint64_t capacity_bytes = 0;
    std::uint64_t populated_bytes = 0;
};

struct ConvertResult {
    std::string disk;                   // the file in the package, or the input
    std::string encoding;               // what it was: "streamOptimized", "raw", "qcow2", …
    std::uint64_t capacity_bytes = 0;   // of the disk
    std::uint64_t populated_bytes = 0;  // of it that is not known to be zeros
    std::uint64_t output_bytes = 0;     // as the output is long
    std::uint64_t other_disks = 0;      // of the package, left aside
    std::optional<PackageReport> package;
    // Of a package that became an OVA: what was made of the disks, the manifest and the signature.
    std::vector<ConvertedDisk> disks;
    std::string manifest;   // "renewed (SHA256)", "added (SHA256)"
    std::string signature;  // "dropped", "none"
};

// Throws base::Error naming the object; the output is then as it was before.
ConvertResult convert_disk(const ConvertOptions& options);

}  // namespace ovfkit
