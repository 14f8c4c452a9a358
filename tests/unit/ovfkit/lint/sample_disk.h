// SPDX-License-Identifier: Apache-2.0
// A package that no rule objects to but that it is not signed, and its disk: the ends of a
// streamOptimized VMDK with nothing between them, to be broken in one place each.
#pragma once

#include <cstdint>
#include <string>

#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/vmdk/sparse_format.h"
#include "tests/unit/ovfkit/lint/clean_descriptor.h"
#include "tests/unit/ovfkit/package/archive_builder.h"
#include "tests/unit/ovfkit/package/sample_package.h"

namespace tests {

constexpr std::size_t kDiskBytes = 73728;  // as the clean descriptor says

inline const std::string kDiskText =
    "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n"
    "createType=\"streamOptimized\"\nRDONLY 2048 SPARSE \"disk1.vmdk\"\n"
    "ddb.adapterType = \"lsilogic\"\nddb.toolsVersion = \"2147483647\"\n";

inline std::string bytes_of(const ovfkit::vmdk::SectorBytes& sector) {
    return std::string(base::as_text(sector));
}

struct SampleDisk {
    ovfkit::vmdk::SparseHeader header{.capacity_sectors = 2048};
    std::uint64_t redundant_directory = 30;
    std::string text = kDiskText;
    bool footer = true;
    std::string after;  // appended

    std::string bytes() const {
        ovfkit::vmdk::SectorBytes first = ovfkit::vmdk::make_header(header);
        ovfkit::store_le(first, 48, redundant_directory);
        std::string disk = bytes_of(first);
        disk += text;
        disk.resize(kDiskBytes - 3 * 512, '\0');
        if (footer) {
            disk += bytes_of(ovfkit::vmdk::make_marker(ovfkit::vmdk::MarkerType::footer, 1));
            disk += bytes_of(ovfkit::vmdk::make_header(header));
        }
        disk.resize(kDiskBytes, footer ? '\0' : 'x');
        return disk + after;
    }
};

// Descriptor, manifest, disk.
struct SamplePackage {
    std::string descriptor = kCleanDescriptor;
    std::string disk = SampleDisk().bytes();
    std::string manifest;  // empty: the right one

    std::string manifest_text() const {
        return manifest_line("shop.ovf", descriptor) + manifest_line("disk1.vmdk", disk);
    }
    std::string bytes() const {
        return ArchiveBuilder()
            .add("shop.ovf", descriptor)
            .add("shop.mf", manifest.empty() ? manifest_text() : manifest)
            .add("disk1.vmdk", disk)
            .end();
    }
};

}  // namespace tests
