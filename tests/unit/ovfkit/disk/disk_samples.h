// SPDX-License-Identifier: Apache-2.0
// Disks to test with: their bytes are a function of a seed, half of each compresses well.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ovfkit/disk/disk_reader.h"
#include "ovfkit/disk/member_sink.h"

namespace tests {

// A sparse raw file with data at the beginning, in the middle, across a 32 MiB boundary and at the
// very end, and a written block of zeros.
void make_sample_disk(const std::filesystem::path& path, std::uint64_t bytes, unsigned seed = 1);

std::string run_qemu_img(const std::vector<std::string>& arguments);

// Same size, same bytes; names the first difference.
void require_same_file(const std::filesystem::path& one, const std::filesystem::path& other);

std::string read_whole(const ovfkit::DiskReader& disk);

struct Decoded {
    ovfkit::DecodedDisk disk;
    std::string raw;
};

// Pushes `bytes` in pieces of `chunk` through the decoder for `format_uri` into a file in memory.
Decoded decode(const std::string& bytes, std::size_t chunk = 1U << 20U,
               const std::string& format_uri = ovfkit::kStreamOptimizedFormatUri,
               const std::string& compression = "", ovfkit::DiskSinkOptions options = {});

std::string encode(const std::filesystem::path& raw, unsigned threads = 2, int level = 6);

}  // namespace tests
