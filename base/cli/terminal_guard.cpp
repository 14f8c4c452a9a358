// SPDX-License-Identifier: Apache-2.0
#include "base/cli/terminal_guard.h"

#include <algorithm>

#include "base/printable.h"

namespace base::cli {

namespace {

constexpr std::size_t kEnough = 4096;

// How many bytes at the end may be the begin of a character whose rest is still to come.
std::size_t unfinished(std::string_view text) {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if (byte >= 0xc0) {
            const std::size_t needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
            return needed > back ? back : 0;
        }
        if (byte < 0x80) {
            return 0;
        }
    }
    return 0;
}

}  // namespace

TerminalGuard::TerminalGuard(std::ostream& stream)
    : stream_(stream), terminal_(stream.rdbuf(this)) {
}

TerminalGuard::~TerminalGuard() {
    pass_on(waiting_.size());
    terminal_->pubsync();
    stream_.rdbuf(terminal_);
}

TerminalGuard::int_type TerminalGuard::overflow(int_type c) {
    if (!traits_type::eq_int_type(c, traits_type::eof())) {
        const char one = traits_type::to_char_type(c);
        xsputn(&one, 1);
    }
    return traits_type::not_eof(c);
}

std::streamsize TerminalGuard::xsputn(const char* data, std::streamsize size) {
    waiting_.append(data, static_cast<std::size_t>(size));
    if (waiting_.size() >= kEnough) {
        pass_on(waiting_.size() - unfinished(waiting_));
    }
    return size;
}

int TerminalGuard::sync() {
    pass_on(waiting_.size() - unfinished(waiting_));
    return terminal_->pubsync();
}

void TerminalGuard::pass_on(std::size_t size) {
    const std::string safe = printable(std::string_view(waiting_).substr(0, size));
    terminal_->sputn(safe.data(), static_cast<std::streamsize>(safe.size()));
    waiting_.erase(0, size);
}

}  // namespace base::cli
