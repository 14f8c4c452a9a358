// SPDX-License-Identifier: Apache-2.0
#include "base/sandbox/sandbox.h"

#include <array>
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
    // A reader may know its end before the last bytes; the child must not trip over that.
    std::array<std::byte, 65536> rest{};
    while (read_some(pipe_.read_end.get(), rest, "the rest of a stream") > 0) {
    }
    pipe_.read_end.reset();
    child_->wait();
}

}  // namespace base
