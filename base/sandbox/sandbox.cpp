// SPDX-License-Identifier: Apache-2.0
#include "base/sandbox/sandbox.h"

#include <utility>

#include "base/error.h"
#include "base/sandbox/sandbox_child.h"

namespace base {

std::string run_sandboxed(std::string_view what, const std::function<std::string()>& work,
                          const SandboxLimits& limits, const SandboxAccess& access) {
    return SandboxChild(
               std::string(what), [&](int) { return work(); }, limits, access)
        .wait();
}

SandboxedStream::SandboxedStream(const std::string& what,
                                 const std::function<void(ByteSink&)>& work,
                                 const SandboxLimits& limits, const SandboxAccess& access)
    : pipe_(make_pipe()) {
    const auto write_stream = [&](int fd) {
        FdSink sink(fd, what);
        work(sink);
        return std::string();
    };
    child_ =
        std::make_unique<SandboxChild>(what, write_stream, limits, access, pipe_.write_end.get());
    pipe_.write_end.reset();
}

SandboxedStream::~SandboxedStream() = default;

void SandboxedStream::finish() {
    drain(pipe_.read_end.get(), "the rest of a stream");
    pipe_.read_end.reset();
    child_->wait();
}

}  // namespace base
