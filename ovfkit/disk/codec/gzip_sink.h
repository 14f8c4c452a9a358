// SPDX-License-Identifier: Apache-2.0
// Unpacks a gzip stream (RFC 1952, several members in a row too) of any length on its way to
// another sink: zlib's streaming inflate, the only file that knows it. Borrows the target.
#pragma once

#include <memory>
#include <string>

#include "base/stream.h"

namespace ovfkit {

class GzipSink : public base::ByteSink {
  public:
    GzipSink(base::ByteSink& target, std::string name);
    ~GzipSink() override;
    void write(std::span<const std::byte> data) override;
    void finish();  // throws invalid_input when the stream is cut

  private:
    struct State;
    std::unique_ptr<State> state_;
    base::ByteSink& target_;
    std::string name_;
};

}  // namespace ovfkit
