// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/console_log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>

#include "base/fd.h"
#include "base/interrupt.h"

namespace hvruntime {

namespace {

constexpr int kPollMs = 200;
constexpr std::size_t kLineLimit = 64U << 10U;  // a longer one is cut into several

// The length of the escape sequence at the start of `text`, which begins with ESC
// (ECMA-48 5.3, 5.4).
std::size_t escape_length(std::string_view text) {
    if (text.size() < 2) {
        return text.size();
    }
    std::size_t end = 2;
    if (text[1] == '[') {  // CSI: parameters, then one final byte
        while (end < text.size() && (text[end] < 0x40 || text[end] > 0x7e)) {
            ++end;
        }
        return std::min(end + 1, text.size());
    }
    if (text[1] == ']' || text[1] == 'P' || text[1] == '_' || text[1] == '^') {
        while (end < text.size() && text[end] != '\a' && text[end] != 0x1b) {
            ++end;
        }
        const bool string_terminator = end + 1 < text.size() && text[end] == 0x1b;
        return std::min(end + (string_terminator ? 2 : 1), text.size());
    }
    while (end < text.size() && text[end - 1] >= 0x20 && text[end - 1] < 0x30) {
        ++end;  // intermediate bytes, as in "ESC ( B"
    }
    return end;
}

class LineCutter {
  public:
    explicit LineCutter(const std::function<void(std::string_view)>& on_line) : on_line_(on_line) {}
    void feed(std::string_view bytes) {
        for (const char c : bytes) {
            if (c == '\n' || partial_.size() == kLineLimit) {
                flush();
            }
            if (c != '\n') {
                partial_ += c;
            }
        }
    }
    void flush() {
        on_line_(partial_);
        partial_.clear();
    }
    bool has_partial() const { return !partial_.empty(); }

  private:
    const std::function<void(std::string_view)>& on_line_;
    std::string partial_;
};

// An open log and how far it has been read.
struct OpenLog {
    base::UniqueFd fd;
    std::uint64_t offset = 0;
};

std::size_t read_on(OpenLog& log, LineCutter& cutter, const std::string& name) {
    std::array<std::byte, 65536> buffer{};
    std::size_t total = 0;
    while (log.fd) {
        const std::size_t got = base::pread_some(log.fd.get(), buffer, log.offset, name);
        if (got == 0) {
            break;
        }
        log.offset += got;
        total += got;
        cutter.feed(base::as_text(std::span(buffer).first(got)));
    }
    return total;
}

// Opens the log when it has appeared, or was replaced by a new one.
void reopen(OpenLog& log, const std::filesystem::path& path) {
    struct stat by_name {};
    struct stat by_fd {};
    if (::stat(path.c_str(), &by_name) != 0) {
        return;
    }
    if (log.fd && ::fstat(log.fd.get(), &by_fd) == 0 && by_fd.st_ino == by_name.st_ino &&
        static_cast<std::uint64_t>(by_fd.st_size) >= log.offset) {
        return;
    }
    log = OpenLog{.fd = base::open_regular(path.string())};
}

}  // namespace

std::string clean_console_line(std::string_view line) {
    while (!line.empty() && line.back() == '\r') {
        line.remove_suffix(1);
    }
    std::string clean;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == 0x1b) {
            i += escape_length(line.substr(i)) - 1;
        } else if (c == '\r') {
            clean.clear();
        } else if (c == '\b') {
            if (!clean.empty()) {
                clean.pop_back();
            }
        } else if (c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) {
            clean += c;
        }
    }
    return clean;
}

void read_console_log(const std::filesystem::path& path, const ConsoleLogOptions& options,
                      const std::function<void(std::string_view)>& on_line) {
    const auto show = [&](std::string_view line) {
        on_line(options.raw ? std::string(line) : clean_console_line(line));
    };
    std::deque<std::string> held;  // while only the last lines are wanted
    bool holding = options.last_lines.has_value();
    const std::function<void(std::string_view)> take = [&](std::string_view line) {
        if (!holding) {
            show(line);
            return;
        }
        held.emplace_back(line);
        if (held.size() > *options.last_lines) {
            held.pop_front();
        }
    };
    LineCutter cutter(take);
    OpenLog log;
    reopen(log, path);
    read_on(log, cutter, path.string());
    if (!options.follow && cutter.has_partial()) {
        cutter.flush();
    }
    holding = false;
    for (const std::string& line : held) {
        show(line);
    }
    while (options.follow) {
        base::interrupt().check();
        pollfd entry{base::interrupt().event_fd(), POLLIN, 0};
        ::poll(&entry, 1, kPollMs);
        // The end of the old one first, should it have been replaced.
        read_on(log, cutter, path.string());
        reopen(log, path);
    }
}

}  // namespace hvruntime
