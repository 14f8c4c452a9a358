// SPDX-License-Identifier: Apache-2.0
// Freezes the file systems of this machine, holds them so until it is told or its time is over, and
// thaws them: a program of its own, `muster-guest freeze`, so that it can do so whatever became of
// who started it. It writes to no disk meanwhile.
//
// It says "frozen N" on its output, then "thawed N", or "late N" when nobody said thaw in time, or
// "error TEXT" when nothing is frozen. The end of its input, or a line of it, means thaw.
#pragma once

#include <chrono>
#include <vector>

#include "hvruntime/guest/agent/freeze/plan_freeze.h"
#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

// The calls to the kernel, by an open folder of the file system: 0, or an errno. A fake in tests.
class FreezeCalls {
  public:
    virtual ~FreezeCalls() = default;
    virtual int freeze(int folder) = 0;
    virtual int thaw(int folder) = 0;
};

struct FreezeHold {
    std::vector<FreezableMount> mounts;  // in the order of plan_freeze()
    std::chrono::milliseconds limit;     // from the moment in which all are frozen
    int input = 0;
    int output = 1;
};

// True: thawed in time. Throws environment, with nothing left frozen, when a file system refuses;
// those that cannot be frozen at all (vfat) are passed over.
bool hold_frozen(const FreezeHold& hold, FreezeCalls& calls);

// `muster-guest freeze`. Leaves a mark below /run while they are frozen.
void run_freeze(const Places& places, std::chrono::milliseconds limit);
// Thaws what one that was killed left frozen: after its mark.
void thaw_leftovers(const Places& places);

}  // namespace hvruntime::agent
