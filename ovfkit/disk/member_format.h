// SPDX-License-Identifier: Apache-2.0
// What a disk member is: the format URI of the descriptor says what to expect, the first bytes what
// is there. The URI is not believed (duty 6 of the import rules): where the two contradict each
// other the disk is refused, and what has the mark of a format never passes for raw. One
// contradiction is let through because oVirt makes it: qcow2 that is declared VMDK.
#pragma once

#include <string>
#include <string_view>

#include "ovfkit/disk/disk_reader.h"

namespace ovfkit {

inline constexpr std::size_t kMemberHeadBytes = 512;  // enough to tell

struct MemberFormat {
    DiskFormat format = DiskFormat::raw;
    // Can be decoded from front to back, or is refused by the decoder that does that.
    bool streamed = true;
};

// `head` is the first kMemberHeadBytes, or all when there are fewer. Throws invalid_input for a
// contradiction, unsupported for a format that is not known.
MemberFormat member_format(const std::string& format_uri, std::string_view head,
                           const std::string& name);

}  // namespace ovfkit
