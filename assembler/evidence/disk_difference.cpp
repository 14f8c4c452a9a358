// SPDX-License-Identifier: Apache-2.0
#include "assembler/evidence/disk_difference.h"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "imagebuilder/disk/tar_entries.h"
#include "imagebuilder/filetree/disk_tree.h"
#include "ovfkit/disk/compare_disks.h"

namespace assembler {

namespace {

struct FileSummary {
    imagebuilder::FileEntry entry;
    std::string content;  // digest
};
using FileSummaries = std::map<std::string, FileSummary>;

void count_bytes(const ovfkit::DiskReader& one, const ovfkit::DiskReader& other,
                 DiskDifference& difference) {
    std::vector<std::byte> left(base::kMiB);
    std::vector<std::byte> right(base::kMiB);
    std::uint64_t offset = 0;
    while (const auto range = ovfkit::next_data_of_either(one, &other, offset)) {
        base::interrupt().check();
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(left.size(), range->length));
        ovfkit::read_padded(one, range->offset, std::span(left).first(size));
        ovfkit::read_padded(other, range->offset, std::span(right).first(size));
        for (std::size_t at = 0; at < size; ++at) {
            if (left[at] != right[at]) {
                difference.first = difference.bytes == 0 ? range->offset + at : difference.first;
                ++difference.bytes;
            }
        }
        offset = range->offset + size;
    }
}

FileSummaries summarise(const std::string& disk) {
    FileSummaries files;
    imagebuilder::DiskTarStream stream(disk);
    imagebuilder::TarEntries entries(stream.fd(), disk);
    std::vector<std::byte> buffer(base::kMiB);
    try {
        for (imagebuilder::FileEntry entry; entries.next(entry);) {
            FileSummary& summary = files[entry.path];
            summary.entry = entry;
            base::Digest digest(base::DigestAlgorithm::sha256);
            while (const std::size_t count = entries.read(buffer)) {
                base::interrupt().check();
                digest.update(std::span(buffer).first(count));
            }
            summary.content = digest.finish_hex();
        }
    } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::invalid_input) {
            stream.finish();  // why it broke off
        }
        throw;
    }
    stream.finish();
    return files;
}

std::string differences_of(const FileSummary& one, const FileSummary& other) {
    std::vector<std::string> what;
    const auto check = [&](bool same, const char* name) {
        if (!same) {
            what.emplace_back(name);
        }
    };
    const imagebuilder::FileEntry& a = one.entry;
    const imagebuilder::FileEntry& b = other.entry;
    check(a.type == b.type, "type");
    check(a.size == b.size && one.content == other.content, "content");
    check(a.link_target == b.link_target, "target");
    check(a.permissions == b.permissions, "permissions");
    check(a.uid == b.uid && a.gid == b.gid, "owner");
    check(a.mtime == b.mtime, "time");
    check(a.xattrs == b.xattrs, "attributes");
    check(a.device_major == b.device_major && a.device_minor == b.device_minor, "device");
    return fmt::format("{}", fmt::join(what, ", "));
}

std::vector<FileDifference> compare_files(const FileSummaries& first, const FileSummaries& second) {
    std::map<std::string, std::string> found;
    for (const auto& [path, summary] : first) {
        const auto other = second.find(path);
        const std::string what =
            other == second.end() ? "only in the first" : differences_of(summary, other->second);
        if (!what.empty()) {
            found.emplace(path, what);
        }
    }
    for (const auto& [path, summary] : second) {
        if (!first.contains(path)) {
            found.emplace(path, "only in the second");
        }
    }
    std::vector<FileDifference> differences;
    for (const auto& [path, what] : found) {
        differences.push_back({"/" + path, what});
    }
    return differences;
}

}  // namespace

DiskDifference compare_disks(const std::string& first, const std::string& second) {
    DiskDifference difference;
    count_bytes(*ovfkit::open_disk(first), *ovfkit::open_disk(second), difference);
    if (difference.same()) {
        return difference;
    }
    try {
        difference.files = compare_files(summarise(first), summarise(second));
        difference.files_read = true;
    } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::interrupted) {
            throw;
        }
        difference.note = error.message();
    }
    return difference;
}

}  // namespace assembler
