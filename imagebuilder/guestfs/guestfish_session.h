// SPDX-License-Identifier: Apache-2.0
// One guestfish that is told one command after the other, each with its answer, so that what comes
// next can depend on what a disk holds. One small machine for all of them; it ends with its owner.
// Keys of encrypted volumes go through its standard input only. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/process.h"
#include "imagebuilder/guestfs/guestfish.h"

namespace imagebuilder {

using GuestfishWords = std::vector<std::string>;

// The line that guestfish reads as these words. Throws invalid_input for what it cannot: a NUL, or
// more than 8000 bytes.
std::string guestfish_line(const GuestfishWords& words);

// One argument of a command that takes a list of them (command, debug), as an item of that list.
std::string guestfish_item(std::string_view text);

class GuestfishSession {
  public:
    // Throws environment without guestfish. Its machine starts with the command "run".
    explicit GuestfishSession(const GuestfishSettings& settings);

    // What the command printed, at most 64 MiB. Throws external with libguestfs's own words,
    // timeout, and environment when its machine lacks something. `secret` is a key that the command
    // asks for.
    std::string run(const GuestfishWords& words, std::string_view secret = {});
    // The same where failing is an answer.
    std::optional<std::string> find(const GuestfishWords& words, std::string_view secret = {});

    // What the disk got is in it afterwards. Throws what is wrong with that.
    void close();

  private:
    struct Answer {
        std::string out;
        std::string error;  // empty: it went well
        std::string text;   // of standard error, whole
    };
    Answer ask(const GuestfishWords& words, std::string_view secret);
    void send(std::string_view line);
    Answer receive(const std::string& mark);
    void drain_errors(std::string& text);
    [[noreturn]] void fail(const std::string& error, const std::string& text) const;

    std::chrono::milliseconds limit_;
    base::UniqueFd in_;   // its standard input
    base::UniqueFd out_;  // its output and errors
    base::UniqueFd err_;
    std::optional<base::Process> process_;
};

}  // namespace imagebuilder
