// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/disk_image.h"

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "imagebuilder/disk/disk_writer.h"
#include "imagebuilder/disk/ext4_image.h"
#include "imagebuilder/disk/tar_entries.h"
#include "imagebuilder/tree/layers.h"

namespace imagebuilder {

namespace fs = std::filesystem;

struct ImageDisk::State {
    explicit State(const DiskOptions& given)
        : options(given),
          parts(plan_partitions(given)),
          writer(given.work_dir / "disk.scratch", given.qcow2, given.size_bytes) {
        const Ext4Options root{writer.scratch(), parts.root.offset,
                               parts.root.bytes, options.filesystem_uuid,
                               "root",           options.epoch};
        format_ext4(root);
        files.emplace(root.image, root.offset, root.epoch,
                      [this](std::uint64_t offset, std::span<const std::byte> data) {
                          writer.stream(offset, data);
                      });
    }

    DiskOptions options;
    DiskPartitions parts;
    DiskWriter writer;
    std::optional<Ext4Writer> files;
};

ImageDisk::ImageDisk(const DiskOptions& options) : state_(std::make_unique<State>(options)) {
}

ImageDisk::~ImageDisk() = default;

Ext4Writer& ImageDisk::files() {
    return *state_->files;
}

void ImageDisk::finish(const std::optional<EfiBoot>& efi) {
    const DiskOptions& options = state_->options;
    const DiskPartitions& parts = state_->parts;
    DiskWriter& writer = state_->writer;
    Ext4Writer& files = *state_->files;
    files.finish();
    base::log(base::LogLevel::info, "imagebuilder", "{} of data in the root file system, {} free",
              base::format_byte_size(files.data_bytes()),
              base::format_byte_size(files.free_bytes()));
    write_partitions(writer.scratch_fd(), writer.scratch().string(), options, parts, efi);
    writer.finish();
}

void make_disk(const DiskOptions& options, const fs::path& tree,
               const std::optional<EfiBoot>& efi) {
    ImageDisk disk(options);
    TreeStream stream(tree);
    TarEntries entries(stream.fd(), "the image's tree");
    FileEntry entry;
    while (entries.next(entry)) {
        base::interrupt().check();
        disk.files().add(entry, [&](std::span<std::byte> buffer) { return entries.read(buffer); });
    }
    stream.finish();
    disk.finish(efi);
}

}  // namespace imagebuilder
