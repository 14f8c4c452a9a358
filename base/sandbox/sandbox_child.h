// SPDX-License-Identifier: Apache-2.0
// The child of run_sandboxed and SandboxedStream: forked, locked down, watched and reaped.
// Everything that happens to it is an Error here. Not for other files.
#pragma once

#include <sys/types.h>
#include <functional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/sandbox/sandbox.h"

namespace base {

class SandboxChild {
  public:
    // `work` runs in the child with a descriptor that it may write to: the stream's, or -1.
    using Work = std::function<std::string(int stream_fd)>;

    SandboxChild(std::string what, const Work& work, SandboxLimits limits,
                 const SandboxAccess& access, int stream_fd = -1);
    SandboxChild(const SandboxChild&) = delete;
    SandboxChild& operator=(const SandboxChild&) = delete;
    ~SandboxChild();  // kills it when it has not been waited for

    // What `work` returned or threw.
    std::string wait();

  private:
    struct End;
    std::string read_answer() const;
    End reap();
    [[noreturn]] void throw_death(const End& end) const;

    std::string what_;
    SandboxLimits limits_;
    Pipe answer_;
    pid_t pid_ = -1;
};

}  // namespace base
