// SPDX-License-Identifier: Apache-2.0
// Stands between a stream and the terminal it is shown on: whatever is printed arrives as
// printable() leaves it, whether or not the code that prints remembered where its text came from.
// A stream that goes to a file or a pipe keeps its bytes. One user at a time.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>

namespace base::cli {

class TerminalGuard : public std::streambuf {
  public:
    // Takes the place of the stream's buffer until it is destroyed.
    explicit TerminalGuard(std::ostream& stream);
    TerminalGuard(const TerminalGuard&) = delete;
    TerminalGuard& operator=(const TerminalGuard&) = delete;
    ~TerminalGuard() override;

  protected:
    int_type overflow(int_type c) override;
    std::streamsize xsputn(const char* data, std::streamsize size) override;
    int sync() override;

  private:
    void pass_on(std::size_t size);

    std::ostream& stream_;
    std::streambuf* terminal_;
    std::string waiting_;  // ends within a character at worst
};

}  // namespace base::cli
