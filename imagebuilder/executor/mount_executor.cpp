// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/executor/mount_executor.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "imagebuilder/disk/disk_writer.h"
#include "imagebuilder/disk/ext4_image.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

// The root partition is made before the size of kernel and initrd is known.
constexpr std::uint64_t kRoomForEfi = 96 * base::kMiB;

void make_private_mounts() {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        throw base::SystemError(errno, "cannot make a namespace to mount in");
    }
}

void size_file(const fs::path& path, std::uint64_t bytes) {
    const base::UniqueFd fd = base::open_file(path.string(), O_RDWR | O_CREAT | O_EXCL, 0600);
    if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
        throw base::SystemError(errno, fmt::format("cannot size '{}'", path.string()));
    }
}

}  // namespace

MountedTree::MountedTree(const fs::path& raw, std::uint64_t offset, const fs::path& folder)
    : folder_(folder), outside_(base::open_file("/proc/thread-self/ns/mnt", O_RDONLY)) {
    make_private_mounts();
    base::Command command;
    command.argv = {
        "mount",      "-t",           "ext4", "-o", fmt::format("loop,offset={}", offset),
        raw.string(), folder.string()};
    try {
        const base::RunResult result = base::run(command);
        if (result.status != 0) {
            throw Error(
                ErrorKind::environment,
                fmt::format("this host does not mount a disk image: {}", result.err.substr(0, 300)),
                "it needs loop devices (a container: --privileged); --executor=compose "
                "needs none");
        }
    } catch (...) {
        leave();
        throw;
    }
    mounted_ = true;
}

MountedTree::~MountedTree() {
    base::guarded("unmounting the image", [this] {
        if (mounted_) {
            ::umount2(folder_.c_str(), MNT_DETACH);
            leave();
        }
    });
}

void MountedTree::unmount() {
    if (::umount2(folder_.c_str(), 0) != 0) {
        throw base::SystemError(errno, fmt::format("cannot unmount '{}'", folder_.string()));
    }
    mounted_ = false;
    leave();
}

void MountedTree::leave() {
    if (::setns(outside_.get(), CLONE_NEWNS) != 0) {
        base::log(base::LogLevel::warn, "imagebuilder", "cannot leave the namespace of the mount");
    }
}

void MountExecutor::begin(const DiskOptions& disk, const fs::path& tree) {
    DiskOptions options = disk;
    options.efi_bytes = disk.efi_bytes == 0 ? 0 : kRoomForEfi;
    parts_ = plan_partitions(options);
    raw_ = disk.work_dir / "disk.raw";
    size_file(raw_, disk.size_bytes);
    format_ext4(
        {raw_, parts_.root.offset, parts_.root.bytes, disk.filesystem_uuid, "root", disk.epoch});
    mounted_.emplace(raw_, parts_.root.offset, tree);
}

void MountExecutor::finish(const DiskOptions& disk, const fs::path& tree,
                           const std::optional<EfiBoot>& efi) {
    if (disk.efi_bytes > parts_.efi.bytes) {
        throw Error(
            ErrorKind::unsupported,
            fmt::format("the kernel and its initrd need {} in the EFI system partition, the "
                        "executor mount leaves {}",
                        base::format_byte_size(disk.efi_bytes),
                        base::format_byte_size(parts_.efi.bytes)),
            "use --executor=compose");
    }
    limit_times(tree, disk.epoch);
    base::Command trim;
    trim.argv = {"fstrim", tree.string()};
    if (base::run(trim).status != 0) {  // the image is only larger then
        base::log(base::LogLevel::info, "imagebuilder", "freed blocks stay in the image");
    }
    mounted_->unmount();
    mounted_.reset();
    DiskOptions options = disk;
    options.efi_bytes = parts_.efi.bytes;
    {
        const base::UniqueFd fd = base::open_file(raw_.string(), O_RDWR);
        write_partitions(fd.get(), raw_.string(), options, parts_, efi);
    }
    convert_to_qcow2(raw_, disk.qcow2);
    base::remove_all(raw_);
}

std::string MountExecutor::describe_kept(const fs::path&) const {
    return fmt::format("the disk is kept in '{}': mount -o loop,offset={} shows the tree",
                       raw_.string(), parts_.root.offset);
}

}  // namespace imagebuilder
