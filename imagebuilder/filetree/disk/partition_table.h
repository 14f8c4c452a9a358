// SPDX-License-Identifier: Apache-2.0
// How a disk is divided: a GUID partition table (UEFI 2.10, 5.3; its backup when the first is
// damaged), a master boot record with logical partitions, or not at all. Sectors of 512 and of 4096
// bytes. What the table says is checked against the disk: what lies outside is left out or cut, and
// noted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/filetree/disk/disk_pages.h"

namespace imagebuilder {

struct Partition {
    unsigned number = 0;  // as Linux counts them; 0: the whole disk
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::string type;   // GPT: its type's UUID in small letters; MBR: "0x83"
    std::string uuid;   // as in PARTUUID=; empty: none
    std::string label;  // GPT: its name in UTF-8
};

struct PartitionTable {
    enum class Kind { none, mbr, gpt };
    Kind kind = Kind::none;
    std::string disk_id;                // GPT: a UUID, MBR: eight hexadecimal digits
    std::vector<Partition> partitions;  // by number; of Kind::none one, the whole disk
    std::vector<std::string> notes;     // what is odd about it
};

std::string_view to_string(PartitionTable::Kind kind);  // "none", "mbr", "gpt"

// Throws invalid_input when there is a GPT of which no copy can be believed.
PartitionTable read_partition_table(const DiskPages& disk);

}  // namespace imagebuilder
