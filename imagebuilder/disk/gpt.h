// SPDX-License-Identifier: Apache-2.0
// Writes a GUID partition table (UEFI 2.10, 5.3) with its protective MBR and its backup at the end.
// Deterministic: all identifiers come from the caller. Sectors are 512 bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace imagebuilder {

constexpr std::uint64_t kSector = 512;
inline constexpr const char* kBiosBootType = "21686148-6449-6e6f-744e-656564454649";
inline constexpr const char* kEfiSystemType = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
inline constexpr const char* kLinuxFilesystemType = "0fc63daf-8483-4772-8e79-3d69d8477de4";

struct GptPartition {
    std::string type_uuid;
    std::string uuid;
    std::string name;  // ASCII, at most 36 characters
    std::uint64_t first_sector = 0;
    std::uint64_t last_sector = 0;  // inclusive
};

// The fd is of a file of disk_bytes (a multiple of 512). Leaves the MBR's first 440 bytes (boot
// code) alone.
void write_gpt(int fd, std::uint64_t disk_bytes, const std::string& disk_uuid,
               const std::vector<GptPartition>& partitions, const std::string& name);

}  // namespace imagebuilder
