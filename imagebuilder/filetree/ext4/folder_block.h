// SPDX-License-Identifier: Apache-2.0
// One block of an ext folder (or the part that an inode holds): its names and inodes. Blocks of a
// hash tree and checksums look like unused entries and are passed over. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace imagebuilder {

using TakeName = std::function<void(std::string_view name, std::uint32_t inode)>;

// Without "." and "..". nullptr, or what is damaged about it.
const char* read_folder_block(std::span<const std::byte> block, const TakeName& take);

}  // namespace imagebuilder
