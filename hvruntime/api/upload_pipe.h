// SPDX-License-Identifier: Apache-2.0
// The body of an upload on its way from the connection's thread, which pushes pieces, to the
// handler's thread, which pulls them. Bounded: push() waits for the reader.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>

#include "base/stream.h"

namespace hvruntime {

class UploadPipe : public base::ByteSource {
  public:
    // The handler's side.
    std::size_t read(std::span<std::byte> buffer) override;
    const std::string& name() const override { return name_; }

    // The connection's side.
    void push(std::span<const std::byte> data);
    void end();     // the body is complete
    void cancel();  // the client has gone: read() throws
    // The handler has returned: what still comes is thrown away.
    void discard_rest();

  private:
    static constexpr std::size_t kLimit = 1U << 20U;
    const std::string name_ = "the upload";
    std::mutex mutex_;  // guards everything below
    std::condition_variable moved_;
    std::string data_;
    std::size_t taken_ = 0;
    bool ended_ = false;
    bool cancelled_ = false;
    bool discarding_ = false;
};

}  // namespace hvruntime
