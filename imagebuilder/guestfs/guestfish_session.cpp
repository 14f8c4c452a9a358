// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/guestfs/guestfish_session.h"

#include <fcntl.h>
#include <poll.h>

#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/random.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kMostLineBytes = 8000;  // of guestfish's own buffer
constexpr std::size_t kMostAnswerBytes = std::size_t{64} << 20U;
constexpr std::size_t kMostErrorBytes = std::size_t{64} << 10U;

std::string quoted(const std::string& word) {
    std::string text = "\"";
    for (const char c : word) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            text += '\\';
            text += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            text += fmt::format("\\x{:02x}", byte);
        } else {
            text += c;
        }
    }
    return text + "\"";
}

bool is_error_line(std::string_view line) {
    return line.find("libguestfs: error: ") != std::string_view::npos ||
           line.starts_with("*stdin*") || line.starts_with("guestfish: ");
}

// The first error in what guestfish said; empty: it complained of nothing.
std::string find_guestfish_error(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (is_error_line(text.substr(0, end))) {
            // Lines after it belong to it: the words of the program that failed.
            return explain_guestfs_error(std::string(text));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return "";
}

}  // namespace

std::string guestfish_line(const GuestfishWords& words) {
    std::string line;
    for (const std::string& word : words) {
        if (word.find('\0') != std::string::npos) {
            throw Error(ErrorKind::invalid_input, "a word for guestfish has a NUL in it");
        }
        // The command itself cannot be quoted.
        line += line.empty() ? word : " " + quoted(word);
    }
    if (line.size() > kMostLineBytes) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("a command for guestfish is too long: {} bytes", line.size()),
                    "shorten the paths in it");
    }
    return line;
}

std::string guestfish_item(std::string_view text) {
    std::string item = "'";
    for (const char c : text) {
        item += c == '\'' ? std::string("\\'") : std::string(1, c);
    }
    return item + "'";
}

GuestfishSession::GuestfishSession(const GuestfishSettings& settings) : limit_(settings.limit) {
    base::Pipe in = base::make_pipe();
    base::Pipe out = base::make_pipe();
    base::Pipe err = base::make_pipe();
    base::Command command;
    command.argv = {"guestfish", "--keys-from-stdin", "--no-progress-bars"};
    command.env = guestfs_environment(settings);
    command.stdin_fd = in.read_end.get();
    command.stdout_fd = out.write_end.get();
    command.stderr_fd = err.write_end.get();
    try {
        process_.emplace(command);
    } catch (Error& error) {
        if (error.kind() == ErrorKind::environment) {
            error.set_hint("apt-get install guestfish");
        }
        throw;
    }
    in_ = std::move(in.write_end);
    out_ = std::move(out.read_end);
    err_ = std::move(err.read_end);
    ::fcntl(err_.get(), F_SETFL, O_NONBLOCK);
}

void GuestfishSession::send(std::string_view line) {
    try {
        base::write_all(in_.get(), line, "guestfish");
    } catch (const Error&) {
        // It is gone: its output says why.
    }
}

void GuestfishSession::drain_errors(std::string& text) {
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t got = ::read(err_.get(), buffer.data(), buffer.size());
        if (got <= 0) {
            return;
        }
        if (text.size() < kMostErrorBytes) {
            text.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }
}

// Up to the line that only we know.
GuestfishSession::Answer GuestfishSession::receive(const std::string& mark) {
    const auto deadline = std::chrono::steady_clock::now() + limit_;
    const std::string end = mark + "\n";
    Answer answer;
    std::array<char, 65536> buffer{};
    while (!answer.out.ends_with(end)) {
        base::interrupt().check();
        if (std::chrono::steady_clock::now() > deadline) {
            throw Error(ErrorKind::timeout, "libguestfs did not answer in time",
                        "libguestfs-test-tool says whether libguestfs works on this host");
        }
        std::array<pollfd, 3> entries{pollfd{out_.get(), POLLIN, 0}, pollfd{err_.get(), POLLIN, 0},
                                      pollfd{base::interrupt().event_fd(), POLLIN, 0}};
        constexpr int kLookAgainMs = 1000;
        ::poll(entries.data(), entries.size(), kLookAgainMs);
        drain_errors(answer.text);
        if ((entries[0].revents & (POLLIN | POLLHUP)) == 0) {
            continue;
        }
        const ssize_t got = ::read(out_.get(), buffer.data(), buffer.size());
        if (got <= 0) {
            drain_errors(answer.text);
            fail("it ended early", answer.text);
        }
        answer.out.append(buffer.data(), static_cast<std::size_t>(got));
        if (answer.out.size() > kMostAnswerBytes) {
            throw Error(ErrorKind::invalid_input, "libguestfs said more than 64 MiB at once");
        }
    }
    drain_errors(answer.text);
    answer.out.resize(answer.out.size() - end.size());
    answer.error = find_guestfish_error(answer.text);
    return answer;
}

GuestfishSession::Answer GuestfishSession::ask(const GuestfishWords& words,
                                               std::string_view secret) {
    constexpr std::size_t kMarkDigits = 32;
    const std::string line = guestfish_line(words);
    base::log(base::LogLevel::debug, "guestfish", "{}", base::printable_line(line));
    const std::string mark = base::random_hex(kMarkDigits);
    // With '-' an error does not end it; the mark says when the command has.
    std::string text = "-" + line + "\n";
    if (!secret.empty()) {
        text += secret;
        text += '\n';
    }
    send(text + "-echo " + mark + "\n");
    return receive(mark);
}

void GuestfishSession::fail(const std::string& error, const std::string& text) const {
    throw Error(
        ErrorKind::external,
        "libguestfs: " + base::printable(text.empty() ? error : explain_guestfs_error(text)),
        guestfs_remedy(text));
}

std::string GuestfishSession::run(const GuestfishWords& words, std::string_view secret) {
    Answer answer = ask(words, secret);
    if (!answer.error.empty()) {
        fail(answer.error, answer.text);
    }
    return std::move(answer.out);
}

std::optional<std::string> GuestfishSession::find(const GuestfishWords& words,
                                                  std::string_view secret) {
    Answer answer = ask(words, secret);
    if (!answer.error.empty()) {
        base::log(base::LogLevel::debug, "guestfish", "{}", base::printable_line(answer.error));
        return std::nullopt;
    }
    return std::move(answer.out);
}

void GuestfishSession::close() {
    run({"umount-all"});
    run({"shutdown"});
    in_.reset();
    const std::optional<int> status = process_->wait(std::chrono::minutes(1));
    if (status != 0) {
        std::string text;
        drain_errors(text);
        fail("it ended badly", text);
    }
}

}  // namespace imagebuilder
