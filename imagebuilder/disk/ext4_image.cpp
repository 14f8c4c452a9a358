// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/ext4_image.h"

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/interrupt.h"
#include "base/process.h"
#include "imagebuilder/disk/tar_entries.h"

namespace imagebuilder {

namespace {

constexpr std::uint64_t kRoomForJournal = 256 * base::kMiB;

}  // namespace

// The image is fresh, so its zeros stand for zeroed inode tables: nothing is left for the guest's
// kernel to initialise after boot.
void format_ext4(const Ext4Options& options) {
    const std::string extended = fmt::format(
        "offset={},hash_seed={},lazy_itable_init=0,assume_storage_prezeroed=1,nodiscard,"
        "root_owner=0:0",
        options.offset, options.uuid);
    base::Command command;
    command.argv = {"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "1"};
    const auto add = [&](std::initializer_list<std::string> words) {
        command.argv.insert(command.argv.end(), words);
    };
    if (options.size_bytes >= kRoomForJournal) {
        add({"-J", "size=16"});  // mke2fs's own choice would be several times that
    }
    add({"-U", options.uuid, "-L", options.label, "-E", extended, options.image.string(),
         fmt::format("{}k", options.size_bytes / 1024)});
    command.env = {
        {"E2FSPROGS_FAKE_TIME", std::to_string(options.epoch)},
        {"MKE2FS_CONFIG", "/nonexistent"},  // the compiled-in defaults, whatever the host sets
        {"PATH", "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"}};
    base::run_checked(command);
}

Ext4Summary make_ext4(const Ext4Options& options, int tar_fd, const std::string& tar_name,
                      const Ext4Writer::WriteData& write_data) {
    format_ext4(options);
    TarEntries entries(tar_fd, tar_name);
    Ext4Writer writer(options.image, options.offset, options.epoch, write_data);
    Ext4Summary summary;
    FileEntry entry;
    while (entries.next(entry)) {
        base::interrupt().check();
        writer.add(entry, [&](std::span<std::byte> buffer) { return entries.read(buffer); });
        ++summary.files;
    }
    writer.finish();
    summary.data_bytes = writer.data_bytes();
    summary.free_bytes = writer.free_bytes();
    return summary;
}

}  // namespace imagebuilder
