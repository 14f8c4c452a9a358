// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/filetree/ext4/folder_block.h"

#include "base/fd.h"
#include "ovfkit/disk/byte_order.h"

namespace imagebuilder {

namespace {

constexpr std::size_t kNameAt = 8;

// In blocks of 64 KiB the length of an entry that fills all does not fit in 16 bits, and the two
// lowest bits, else zero, are the highest.
std::size_t entry_length(std::uint16_t stored, std::size_t block_bytes) {
    if (block_bytes < 65536) {
        return stored;
    }
    return stored == 0 || stored == 0xffff ? block_bytes
                                           : (stored & 0xfffcU) | (stored & 3U) << 16U;
}

}  // namespace

const char* read_folder_block(std::span<const std::byte> block, const TakeName& take) {
    std::size_t at = 0;
    while (at < block.size()) {
        const std::span<const std::byte> rest = block.subspan(at);
        if (rest.size() < kNameAt) {
            return "an entry of the folder is cut off";
        }
        const auto inode = ovfkit::load_le<std::uint32_t>(rest, 0);
        const std::size_t length =
            entry_length(ovfkit::load_le<std::uint16_t>(rest, 4), block.size());
        const auto name_bytes = std::to_integer<std::size_t>(rest[6]);
        if (length < kNameAt || length % 4 != 0 || length > rest.size() ||
            (inode != 0 && name_bytes > length - kNameAt)) {
            return "an entry of the folder has a wrong length";
        }
        at += length;
        if (inode == 0) {
            continue;
        }
        const std::string_view name = base::as_text(rest.subspan(kNameAt, name_bytes));
        if (name == "." || name == "..") {
            continue;
        }
        if (name.empty() || name.find('/') != std::string_view::npos ||
            name.find('\0') != std::string_view::npos) {
            return "a name in the folder is none";
        }
        take(name, inode);
    }
    return nullptr;
}

}  // namespace imagebuilder
