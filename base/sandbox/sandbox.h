// SPDX-License-Identifier: Apache-2.0
// Runs a piece of code that works on a stranger's bytes in a child process that can do nothing but
// compute and hand back a text: no files, no network, no programs, bounded processor time and
// memory (see lockdown.h). Whatever happens to the child is an Error in the parent. Thread-safe;
// base/doc/decisions/0001 says why this is a fork without exec.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace base {

struct SandboxLimits {
    std::chrono::seconds cpu{5};
    std::chrono::seconds wall{60};           // a loaded machine gives a child little
    std::uint64_t memory_bytes = 1U << 30U;  // beyond what the parent has mapped
    std::uint64_t result_bytes = 128U << 20U;
};

// What `work` returns, computed in the child. An Error that it throws arrives with its kind,
// message and hint. `what` is what messages call the work: "reading 'shop.ovf'". The result comes
// from a process that a stranger's bytes may have taken over: check it before use.
std::string run_sandboxed(std::string_view what, const std::function<std::string()>& work,
                          const SandboxLimits& limits = {});

}  // namespace base
