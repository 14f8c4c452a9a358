// SPDX-License-Identifier: Apache-2.0
// The lines of an /etc/fstab that mount file systems (fstab(5)). Lenient as mount is: what is no
// line of a mount is passed over. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

struct FstabMount {
    std::string device;  // "UUID=…", "/dev/vda1", … as it stands there, quotes taken off
    std::string place;   // "/boot"
    std::string type;    // "ext4"
    bool needed = true;  // for the boot: neither noauto nor nofail
};

// At most 256 of them; of swap, pseudo and network file systems none.
std::vector<FstabMount> parse_fstab(std::string_view text);

}  // namespace imagebuilder
