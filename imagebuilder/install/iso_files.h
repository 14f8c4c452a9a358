// SPDX-License-Identifier: Apache-2.0
// A file out of a CD image (ISO 9660 with Rock Ridge or Joliet). The image is a stranger's: a
// locked-down child reads it, by libarchive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace imagebuilder {

inline constexpr std::uint64_t kLargestIsoFile = std::uint64_t{512} << 20U;

// `path` as in "/install.amd/vmlinuz"; small and capital letters are the same. Throws not_found
// naming what is beside it, invalid_input for an image that is none or is damaged.
std::string read_iso_file(const std::filesystem::path& iso, const std::string& path);

}  // namespace imagebuilder
