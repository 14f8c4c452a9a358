// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/capture/capture_machine.h"

#include <fcntl.h>
#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/stream.h"
#include "imagebuilder/compose/compose_tarball.h"
#include "imagebuilder/filetree/directory_tree.h"
#include "imagebuilder/filetree/tar/tree_tar.h"
#include "imagebuilder/input_key.h"
#include "imagebuilder/tree/finish.h"
#include "ovfkit/disk/disk_reader.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kLeastDiskBytes = std::uint64_t{1} << 30U;
constexpr std::uint64_t kEfiRoom = std::uint64_t{512} << 20U;  // kernel and initrd once more
constexpr std::uint64_t kDiskStep = std::uint64_t{1} << 20U;

// The tar of the disks' tree, out of its child.
class DiskPassage : public TarPassage {
  public:
    explicit DiskPassage(const MachineFiles& from)
        : stream_(from.disks), name_(names_of(from.disks)) {}
    // Reads its beginning: nothing may have come.
    TarEntries& entries() override {
        if (!entries_) {
            entries_.emplace(stream_.fd(), name_);
        }
        return *entries_;
    }
    void finish() override { stream_.finish(); }

  private:
    DiskTarStream stream_;
    std::string name_;
    std::optional<TarEntries> entries_;
};

// A folder may change while it is read: both passes get the same bytes.
std::filesystem::path spool_folder(const CaptureOptions& options) {
    const std::filesystem::path tar = options.work_dir / "tree.tar";
    const base::UniqueFd fd = base::open_file(tar.string(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    base::FdSink sink(fd.get(), tar.string());
    write_tree_tar(*open_directory_tree(options.from.folder), sink);
    return tar;
}

// As large as the machine's own together, so that what fitted fits again; of a folder twice what is
// in it.
std::uint64_t disk_size(const CaptureOptions& options, const Tarball& tarball) {
    std::uint64_t bytes = options.from.size_bytes;
    if (options.from.disks.empty() && options.from.tar.empty()) {
        bytes = base::file_size(tarball.file) * 2;
    }
    for (const DiskFile& disk : options.from.disks) {
        bytes += open_disk_file(disk)->capacity_bytes();
    }
    bytes = std::max(bytes, kLeastDiskBytes) + (options.uefi ? kEfiRoom : 0);
    return (bytes + kDiskStep - 1) / kDiskStep * kDiskStep;
}

Recipe recipe_of(const CaptureOptions& options, std::uint64_t size_bytes) {
    Recipe recipe;
    recipe.name = options.name;
    recipe.firstboot = options.firstboot;
    recipe.seal = options.seal;
    recipe.disk.emplace();
    recipe.disk->size_bytes = size_bytes;
    recipe.disk->uefi = options.uefi;
    recipe.disk->grow = options.grow;
    return recipe;
}

GuestFiles require_guest_files() {
    auto guest = find_guest_files();
    if (!guest) {
        throw Error(ErrorKind::environment,
                    "muster-guest is missing, which gives a captured machine its new addresses",
                    "it belongs beside the program; MUSTER_GUEST names it elsewhere");
    }
    return std::move(*guest);
}

}  // namespace

CapturedDisk capture_machine(const CaptureOptions& options) {
    // Where its files come from: twice the same tar.
    ComposeOptions compose;
    compose.guest = require_guest_files();
    compose.work_dir = options.work_dir;
    if (!options.from.disks.empty()) {
        compose.tarball.name = names_of(options.from.disks);
        compose.open_tar = [&] { return std::make_unique<DiskPassage>(options.from); };
    } else if (!options.from.tar.empty()) {
        compose.tarball = {options.from.tar, options.name, ""};
    } else {
        compose.tarball = {spool_folder(options), options.from.folder, ""};
    }

    // What becomes of them.
    const Recipe recipe = recipe_of(options, disk_size(options, compose.tarball));
    const std::string key = "capture " + options.name;
    compose.recipe = &recipe;
    compose.key = key;
    compose.filesystem_uuid = uuid_from_key(key, "root");
    TreeChanges changes = options.changes;
    changes.removed.emplace_back("/lost+found");  // the new file system has its own
    changes.files.push_back(
        {"/etc/fstab", fmt::format("UUID={} / ext4 errors=remount-ro 0 1\n{}",
                                   compose.filesystem_uuid, options.other_mounts)});
    compose.changes = &changes;
    compose.qcow2 = options.qcow2;
    compose.on_step = options.on_step;

    ImageParts parts = compose_tarball(compose);
    return {std::move(parts.kernel), std::move(parts.initrd), std::move(parts.command_line)};
}

}  // namespace imagebuilder
