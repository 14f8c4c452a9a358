// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/executor/guestfs_executor.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/disk/disk_writer.h"
#include "imagebuilder/tree/layers.h"

namespace imagebuilder {

namespace fs = std::filesystem;

GuestfishCommands guestfish_filling(const fs::path& raw, int partition, const RootKind& root,
                                    const std::string& filesystem_uuid) {
    const std::string part = fmt::format("/dev/sda{}", partition);
    const std::string device = root.lvm ? fmt::format("/dev/{}/root", kVolumeGroup) : part;
    GuestfishCommands commands{
        {"add-drive", raw.string(), "format:raw", "cachemode:unsafe", "discard:besteffort"},
        {"run"}};
    const auto add = [&](std::vector<std::string> words) { commands.push_back(std::move(words)); };
    if (root.lvm) {
        add({"pvcreate", part});
        add({"vgcreate", kVolumeGroup, part});
        add({"lvcreate-free", "root", kVolumeGroup, "100"});
    }
    add({"mkfs", root.filesystem, device});
    add({"set-uuid", device, filesystem_uuid});
    add({"set-label", device, "root"});
    add({"mount-options", "discard", device, "/"});
    // Our tars have ACLs as attributes; with acls:true tar would want them in its own records.
    add({"tar-in", "-", "/", "xattrs:true"});
    add({"fstrim", "/"});
    add({"umount-all"});
    return commands;
}

void GuestfsExecutor::begin(const DiskOptions&, const fs::path&) {
}

void GuestfsExecutor::finish(const DiskOptions& disk, const fs::path& tree,
                             const std::optional<EfiBoot>& efi) {
    const fs::path raw = disk.work_dir / "disk.raw";
    const DiskPartitions parts = plan_partitions(disk);
    {
        const base::UniqueFd fd = base::open_file(raw.string(), O_RDWR | O_CREAT | O_EXCL, 0600);
        if (::ftruncate(fd.get(), static_cast<off_t>(disk.size_bytes)) != 0) {
            throw base::SystemError(errno, fmt::format("cannot size '{}'", raw.string()));
        }
        write_partitions(fd.get(), raw.string(), disk, parts, efi);
    }
    limit_times(tree, disk.epoch);
    TreeStream stream(tree);
    GuestfishScript script;
    script.commands = guestfish_filling(raw, parts.root_number(), disk.root, disk.filesystem_uuid);
    script.stdin_fd = stream.fd();
    run_guestfish(script, settings_);
    stream.finish();
    convert_to_qcow2(raw, disk.qcow2);
    base::remove_all(raw);
}

std::string GuestfsExecutor::describe_kept(const fs::path& tree) const {
    return fmt::format("the tree is kept in '{}'", tree.string());
}

}  // namespace imagebuilder
