// SPDX-License-Identifier: Apache-2.0
// Waiting in tests for what another thread or process brings about.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace tests {

// Whether the condition came true in time. The limit is for machines under load: no test waits it
// out unless it fails.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace tests
