// SPDX-License-Identifier: Apache-2.0
// One disk out of a package, in the one pass that verifies it. What is written is rubbish until
// read_package_disk() has returned. Of a delta disk the parents are decoded into nameless files.
#pragma once

#include <filesystem>
#include <string>

#include "base/stream.h"
#include "ovfkit/convert/convert.h"
#include "ovfkit/disk/member_sink.h"

namespace ovfkit {

struct PackageDisk {
    PackageReport report;
    std::string file;  // its member
    DecodedDisk decoded;
    std::uint64_t other_disks = 0;
};

// `disk` as in ConvertOptions. Of `sink` fd, target and threads count. The manifest's digest stands
// for inflating every grain where it comes before the disk and lists it. Parents of a delta
// disk wait in nameless files of its spool folder.
PackageDisk read_package_disk(base::ByteSource& source, const std::string& disk,
                              const VerifyPolicy& policy, DiskSinkOptions sink,
                              const std::function<void(std::uint64_t, std::uint64_t)>& on_progress);

}  // namespace ovfkit
