// SPDX-License-Identifier: Apache-2.0
// The ways from a stranger's disks to their files: through a child that can do nothing else.
#include <fmt/format.h>

#include "imagebuilder/filetree/disk_tree.h"

namespace imagebuilder {

namespace {

using Disks = std::vector<std::unique_ptr<ovfkit::DiskReader>>;

constexpr std::uint64_t kSmallDiskBytes = std::uint64_t{64} << 20U;
// Slower than any decoder of ours is on any machine.
constexpr std::uint64_t kLeastBytesASecond = std::uint64_t{10} << 20U;

std::string reading(const std::vector<DiskFile>& files) {
    return fmt::format("reading {} '{}'", files.size() == 1 ? "disk" : "disks", names_of(files));
}

Disks open_all(const std::vector<DiskFile>& files) {
    Disks disks;
    for (const DiskFile& file : files) {
        disks.push_back(open_disk_file(file));
    }
    return disks;
}

std::vector<const ovfkit::DiskReader*> borrowed(const Disks& disks) {
    std::vector<const ovfkit::DiskReader*> pointers;
    for (const auto& disk : disks) {
        pointers.push_back(disk.get());
    }
    return pointers;
}

base::SandboxAccess access_to(const Disks& disks) {
    base::SandboxAccess access;
    for (const auto& disk : disks) {
        const std::vector<int> descriptors = disk->descriptors();
        access.readable_fds.insert(access.readable_fds.end(), descriptors.begin(),
                                   descriptors.end());
    }
    return access;
}

std::uint64_t capacity_of(const Disks& disks) {
    std::uint64_t bytes = 0;
    for (const auto& disk : disks) {
        bytes += disk->capacity_bytes();
    }
    return bytes;
}

base::SandboxLimits tar_limits(std::uint64_t capacity) {
    base::SandboxLimits limits = disk_tree_limits();
    limits.cpu += std::chrono::seconds(capacity / kLeastBytesASecond);
    return limits;
}

}  // namespace

std::unique_ptr<ovfkit::DiskReader> open_disk_file(const DiskFile& file) {
    return file.base.empty()
               ? ovfkit::open_disk(file.path, file.format)
               : ovfkit::open_clone(file.path,
                                    ovfkit::open_disk(file.base, ovfkit::DiskFormat::raw));
}

std::string names_of(const std::vector<DiskFile>& files) {
    std::string names;
    for (const DiskFile& file : files) {
        names += (names.empty() ? "" : ", ") + file.path;
    }
    return names;
}

base::SandboxLimits disk_tree_limits() {
    return {.cpu = std::chrono::seconds(60), .wall = std::chrono::seconds(600)};
}

std::string with_disk_tree(const std::vector<DiskFile>& files, const DiskTreeOptions& options,
                           const std::function<std::string(const DiskTree&)>& work) {
    const Disks disks = open_all(files);
    return base::run_sandboxed(
        reading(files), [&] { return work(DiskTree(borrowed(disks), options)); },
        disk_tree_limits(), access_to(disks));
}

std::string with_disk_tree(const std::string& path, const DiskTreeOptions& options,
                           const std::function<std::string(const DiskTree&)>& work) {
    return with_disk_tree(std::vector{DiskFile{.path = path, .format = {}, .base = {}}}, options,
                          work);
}

DiskTarStream::DiskTarStream(const std::vector<DiskFile>& files, const DiskTreeOptions& options,
                             TreeTarOptions tar)
    : disks_(open_all(files)) {
    const std::uint64_t capacity = capacity_of(disks_);
    tar.most_bytes = capacity * 2 + kSmallDiskBytes;
    const auto write = [&](base::ByteSink& sink) {
        write_tree_tar(DiskTree(borrowed(disks_), options), sink, tar);
    };
    stream_ = std::make_unique<base::SandboxedStream>(reading(files), write, tar_limits(capacity),
                                                      access_to(disks_));
}

DiskTarStream::DiskTarStream(const std::string& path, const DiskTreeOptions& options,
                             TreeTarOptions tar)
    : DiskTarStream(std::vector{DiskFile{.path = path, .format = {}, .base = {}}}, options, tar) {
}

}  // namespace imagebuilder
