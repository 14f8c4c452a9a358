// SPDX-License-Identifier: Apache-2.0
// A terminal in raw mode: what is typed comes at once and unchanged, Ctrl-C too.
#pragma once

#include <memory>

namespace base {

// For as long as it lives; does nothing when fd is no terminal. Borrows the fd.
class RawTerminal {
  public:
    explicit RawTerminal(int fd);
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    ~RawTerminal();

  private:
    struct Saved;
    std::unique_ptr<Saved> saved_;  // empty: no terminal
    int fd_ = -1;
};

}  // namespace base
