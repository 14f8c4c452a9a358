// SPDX-License-Identifier: Apache-2.0
// Runs a piece of code that works on a stranger's bytes in a child process that can do nothing but
// compute, read at places of the descriptors that it is given, and hand back a text or a stream: no
// other files, no network, no programs, bounded processor time and memory (see lockdown.h).
// Whatever happens to the child is an Error in the parent. Thread-safe; base/doc/decisions/0001
// says why this is a fork without exec.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/stream.h"

namespace base {

struct SandboxLimits {
    std::chrono::seconds cpu{5};
    std::chrono::seconds wall{60};           // a loaded machine gives a child little
    std::uint64_t memory_bytes = 1U << 30U;  // beyond what the parent has mapped
    std::uint64_t result_bytes = 128U << 20U;
};

// What the child keeps of the caller's: open files that it may pread(2), at most a few hundred.
struct SandboxAccess {
    std::vector<int> readable_fds;
};

// What `work` returns, computed in the child. An Error that it throws arrives with its kind,
// message and hint. `what` is what messages call the work: "reading 'shop.ovf'". The result comes
// from a process that a stranger's bytes may have taken over: check it before use.
std::string run_sandboxed(std::string_view what, const std::function<std::string()>& work,
                          const SandboxLimits& limits = {}, const SandboxAccess& access = {});

class SandboxChild;

// The same with a stream of bytes as its result, while the child makes it: whoever reads fd() takes
// what a stranger's bytes may have made of it. finish() after the end of the stream throws what
// went wrong in the child; without it the child is killed.
class SandboxedStream {
  public:
    SandboxedStream(const std::string& what, const std::function<void(ByteSink&)>& work,
                    const SandboxLimits& limits = {}, const SandboxAccess& access = {});
    SandboxedStream(const SandboxedStream&) = delete;
    SandboxedStream& operator=(const SandboxedStream&) = delete;
    ~SandboxedStream();

    int fd() const { return pipe_.read_end.get(); }
    void finish();

  private:
    Pipe pipe_;
    std::unique_ptr<SandboxChild> child_;
};

}  // namespace base
