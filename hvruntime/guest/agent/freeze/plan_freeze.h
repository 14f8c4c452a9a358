// SPDX-License-Identifier: Apache-2.0
// Which file systems of a machine stand still for a copy of its disks, and in what order: those on
// disks that may be written to, each once. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hvruntime::agent {

struct FreezableMount {
    std::string place;   // where it is mounted: "/"
    unsigned major = 0;  // of its device, as stat(2) of a file in it says
    unsigned minor = 0;
    bool operator==(const FreezableMount&) const = default;
};

// Of /proc/self/mountinfo (proc(5)): in the order in which they are to be frozen, the reverse of
// that in which they were mounted, since one may lie in a file of an earlier one. Lines that are
// none are passed over.
std::vector<FreezableMount> plan_freeze(std::string_view mountinfo);

}  // namespace hvruntime::agent
