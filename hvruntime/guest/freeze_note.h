// SPDX-License-Identifier: Apache-2.0
// What host and guest tell each other about a machine's file systems standing still for a copy of
// its disks: hvruntime/doc/guest_channel.md.
#pragma once

#include <cstdint>
#include <string>

namespace hvruntime {

enum class FreezeStep { freeze, thaw, frozen, thawed };  // the first two are the host's

struct FreezeNote {
    FreezeStep step = FreezeStep::freeze;
    std::uint64_t id = 0;       // of the freeze: all its notes have it
    std::uint64_t hold_ms = 0;  // freeze: after so long the guest thaws by itself
    std::uint64_t count = 0;    // frozen, thawed: file systems
    bool late = false;          // thawed: nobody had said so in time
    std::string error;          // frozen: why none is
};

}  // namespace hvruntime
