// SPDX-License-Identifier: Apache-2.0
// Packages that a client streams to the daemon (`muster up -`): the API's thread puts bytes in, the
// import step of a job takes them out. A kernel pipe in between bounds the memory. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/stream.h"

namespace deployer {

class Uploads {
  public:
    // API side: passes the whole body on; returns when it was read or when the reader went away.
    void feed(const std::string& token, base::ByteSource& body);
    // Job side: waits for the client. `check` is called now and then and may throw. Error(timeout).
    std::unique_ptr<base::ByteSource> take(const std::string& token, const std::string& name,
                                           std::chrono::milliseconds limit,
                                           const std::function<void()>& check);

  private:
    std::mutex mutex_;  // guards waiting_
    std::condition_variable arrived_;
    std::map<std::string, base::UniqueFd> waiting_;  // read ends
};

}  // namespace deployer
