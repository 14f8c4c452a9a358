// SPDX-License-Identifier: Apache-2.0
// The ways from a stranger's disk to its files: through a child that can do nothing else.
#include <fmt/format.h>

#include "imagebuilder/filetree/disk_tree.h"

namespace imagebuilder {

namespace {

constexpr std::uint64_t kSmallDiskBytes = std::uint64_t{64} << 20U;
// Slower than any decoder of ours is on any machine.
constexpr std::uint64_t kLeastBytesASecond = std::uint64_t{10} << 20U;

std::string reading(const std::string& path) {
    return fmt::format("reading disk '{}'", path);
}

base::SandboxLimits tar_limits(const ovfkit::DiskReader& disk) {
    base::SandboxLimits limits = disk_tree_limits();
    limits.cpu += std::chrono::seconds(disk.capacity_bytes() / kLeastBytesASecond);
    return limits;
}

}  // namespace

base::SandboxLimits disk_tree_limits() {
    return {.cpu = std::chrono::seconds(60), .wall = std::chrono::seconds(600)};
}

std::string with_disk_tree(const std::string& path, const DiskTreeOptions& options,
                           const std::function<std::string(const DiskTree&)>& work) {
    const std::unique_ptr<ovfkit::DiskReader> disk = ovfkit::open_disk(path, options.format);
    return base::run_sandboxed(reading(path), [&] { return work(DiskTree(*disk, options)); },
                               disk_tree_limits(), {disk->descriptors()});
}

DiskTarStream::DiskTarStream(const std::string& path, const DiskTreeOptions& options,
                             TreeTarOptions tar)
    : disk_(ovfkit::open_disk(path, options.format)) {
    tar.most_bytes = disk_->capacity_bytes() * 2 + kSmallDiskBytes;
    const auto write = [&](base::ByteSink& sink) {
        write_tree_tar(DiskTree(*disk_, options), sink, tar);
    };
    stream_ = std::make_unique<base::SandboxedStream>(reading(path), write, tar_limits(*disk_),
                                                      base::SandboxAccess{disk_->descriptors()});
}

}  // namespace imagebuilder
