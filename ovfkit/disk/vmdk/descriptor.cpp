// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/vmdk/descriptor.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "base/letter_case.h"

namespace ovfkit::vmdk {

namespace {

struct Geometry {
    std::uint64_t cylinders;
    unsigned heads;
    unsigned sectors;
};

// What VMware gives a disk on an LSI Logic adapter.
Geometry geometry_of(std::uint64_t capacity_sectors) {
    constexpr std::uint64_t kGibSectors = 1U << 21U;
    Geometry geometry{0, 255, 63};
    if (capacity_sectors < kGibSectors) {
        geometry = {0, 64, 32};
    } else if (capacity_sectors < 2 * kGibSectors) {
        geometry = {0, 128, 32};
    }
    geometry.cylinders =
        std::clamp<std::uint64_t>(capacity_sectors / (geometry.heads * geometry.sectors), 1, 65535);
    return geometry;
}

std::string lower_trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\"";
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) {
        return "";
    }
    return base::to_lower(text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1));
}

[[noreturn]] void refuse_disk(const std::string& name, std::string_view what) {
    throw base::Error(base::ErrorKind::unsupported, fmt::format("VMDK '{}' {}", name, what),
                      "export a flattened disk that is one streamOptimized file");
}

// Lower-cased and trimmed, up to the first NUL.
template <typename Fn>
void for_each_line(std::string_view text, Fn&& fn) {
    text = text.substr(0, text.find('\0'));
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        fn(lower_trimmed(text.substr(0, end)));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
}

bool is_extent(std::string_view line) {
    return line.starts_with("rw ") || line.starts_with("rdonly ") || line.starts_with("noaccess ");
}

}  // namespace

std::string make_descriptor(std::uint64_t capacity_sectors, const ContentIds& ids,
                            std::string_view extent_name) {
    const Geometry geometry = geometry_of(capacity_sectors);
    return fmt::format(
        "# Disk DescriptorFile\n"
        "version=1\n"
        "CID={:08x}\n"
        "parentCID={:08x}\n"
        "createType=\"streamOptimized\"\n"
        "\n"
        "# Extent description\n"
        "RDONLY {} SPARSE \"{}\"\n"
        "\n"
        "# The Disk Data Base\n"
        "#DDB\n"
        "\n"
        "ddb.adapterType = \"lsilogic\"\n"
        "ddb.geometry.cylinders = \"{}\"\n"
        "ddb.geometry.heads = \"{}\"\n"
        "ddb.geometry.sectors = \"{}\"\n"
        "ddb.toolsVersion = \"2147483647\"\n"
        "ddb.virtualHWVersion = \"10\"\n",
        ids.cid, ids.parent_cid, capacity_sectors, extent_name, geometry.cylinders, geometry.heads,
        geometry.sectors);
}

void check_not_delta(std::string_view text, const std::string& name) {
    for_each_line(text, [&](const std::string& line) {
        const std::size_t equals = line.find('=');
        const std::string key = lower_trimmed(std::string_view(line).substr(0, equals));
        const std::string value = equals == std::string::npos
                                      ? ""
                                      : lower_trimmed(std::string_view(line).substr(equals + 1));
        if (key == "parentfilenamehint" || (key == "parentcid" && value != "ffffffff")) {
            refuse_disk(name, "is a delta of another disk");
        }
    });
}

void check_descriptor(std::string_view text, const std::string& name, bool delta_expected) {
    if (!delta_expected) {
        check_not_delta(text, name);
    }
    unsigned extents = 0;
    for_each_line(text, [&](const std::string& line) { extents += is_extent(line) ? 1U : 0U; });
    if (extents > 1) {
        refuse_disk(name, "is spread over several files");
    }
}

}  // namespace ovfkit::vmdk
