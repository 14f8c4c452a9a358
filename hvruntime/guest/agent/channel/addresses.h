// SPDX-License-Identifier: Apache-2.0
// The addresses of this machine's interfaces, and word from the kernel when they change.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"

namespace hvruntime::agent {

// By interface name: IPv4 first, then IPv6 without link-local ones. No loopback.
std::map<std::string, std::vector<std::string>> read_addresses();

class AddressWatch {
  public:
    AddressWatch();
    int fd() const { return fd_.get(); }  // readable: an address came or went
    void drain();

  private:
    base::UniqueFd fd_;
};

// False: time is up and some of them are not there.
bool wait_for_addresses(const std::vector<std::string>& wanted, std::chrono::milliseconds limit);

}  // namespace hvruntime::agent
