// SPDX-License-Identifier: Apache-2.0
// News of devices, straight from the kernel: waiting for a device needs neither udev nor a clock.
#pragma once

#include "base/fd.h"

namespace hvruntime::agent {

class Uevents {
  public:
    Uevents();
    int fd() const { return fd_.get(); }  // readable: something happened to a device
    void drain();

  private:
    base::UniqueFd fd_;
};

}  // namespace hvruntime::agent
