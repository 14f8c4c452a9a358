// SPDX-License-Identifier: Apache-2.0
// An ext2, ext3 or ext4 file system from a stranger, read in full: folders, content, attributes.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "imagebuilder/filetree/disk_tree.h"
#include "imagebuilder/filetree/tar/tree_tar.h"
#include "tests/support/memory_disk.h"

namespace {

class CountedSink : public base::ByteSink {
  public:
    void write(std::span<const std::byte> data) override { bytes_ += data.size(); }
    std::uint64_t bytes() const { return bytes_; }

  private:
    std::uint64_t bytes_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const tests::MemoryDisk disk(std::as_bytes(std::span(data, size)));
    try {
        const imagebuilder::DiskTree tree(disk);
        tree.resolve("/link/../etc/os-release");
        imagebuilder::read_if_there(tree, "/etc/os-release");
        CountedSink sink;
        imagebuilder::write_tree_tar(tree, sink, {.most_bytes = 2 * disk.capacity_bytes()});
    } catch (const base::Error&) {
        // Refused or damaged, as most of these should be.
    }
    return 0;
}
