// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/freezer.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/printable.h"
#include "hvruntime/guest/agent/freeze/hold_frozen.h"

namespace hvruntime::agent {

namespace {

constexpr std::uint64_t kLeastHoldSeconds = 1;
constexpr std::uint64_t kMostHoldSeconds = 60;  // whatever the host says
constexpr std::size_t kLongestReport = 4096;
constexpr std::chrono::seconds kThawLimit{30};

}  // namespace

Freezer::Freezer(EventLoop& loop, const Places& places,
                 std::function<void(const FreezeNote&)> on_note, std::function<void()> on_end)
    : loop_(loop), places_(places), on_note_(std::move(on_note)), on_end_(std::move(on_end)) {
    thaw_leftovers(places_);
}

Freezer::~Freezer() {
    if (child_) {
        to_child_.reset();
        base::guarded("freeze", [this] { child_->wait(kThawLimit); });
    }
}

void Freezer::take(const FreezeNote& note) {
    if (note.step == FreezeStep::freeze) {
        freeze(note);
    } else if (note.step == FreezeStep::thaw) {
        thaw(note);
    }
}

void Freezer::freeze(const FreezeNote& note) {
    if (child_) {
        on_note_({.step = FreezeStep::frozen, .id = note.id, .error = "they are frozen already"});
        return;
    }
    id_ = note.id;
    frozen_ = false;
    answered_ = false;
    last_.reset();
    partial_.clear();
    const std::uint64_t seconds =
        std::clamp((note.hold_ms + 999) / 1000, kLeastHoldSeconds, kMostHoldSeconds);
    base::Pipe input = base::make_pipe();
    base::Pipe output = base::make_pipe();
    base::Command command{
        .argv = {places_.guest_program().string(), "freeze", "--timeout", std::to_string(seconds)},
        .stdin_fd = input.read_end.get(),
        .stdout_fd = output.write_end.get(),
        .stderr_fd = STDERR_FILENO};
    try {
        child_.emplace(command);
    } catch (const base::Error& error) {
        tell({.step = FreezeStep::frozen, .error = error.message()});
        return;
    }
    to_child_ = std::move(input.write_end);
    from_child_ = std::move(output.read_end);
    ::fcntl(from_child_.get(), F_SETFL, O_NONBLOCK);
    watch_ = loop_.add(from_child_.get(), EPOLLIN, [this](std::uint32_t) { read_child(); });
}

void Freezer::thaw(const FreezeNote& note) {
    if (!child_ || note.id != id_) {
        on_note_({.step = FreezeStep::thawed, .id = note.id, .late = true});
        return;
    }
    to_child_.reset();  // what it waits for; its answer follows
}

void Freezer::read_child() {
    while (true) {
        std::array<char, 512> buffer;
        const ssize_t got = ::read(from_child_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got <= 0) {
            finish();
            return;
        }
        partial_.append(buffer.data(), static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = partial_.find('\n')) != std::string::npos;) {
            take_line(partial_.substr(0, end));
            partial_.erase(0, end + 1);
        }
        partial_.resize(std::min(partial_.size(), kLongestReport));
    }
}

void Freezer::take_line(const std::string& line) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string word = line.substr(0, space);
    const std::string rest = line.substr(std::min(space + 1, line.size()));
    std::uint64_t count = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (word == "frozen") {
        frozen_ = true;
        tell({.step = FreezeStep::frozen, .count = count});
    } else if (word == "error" && !answered_) {
        last_ = {.step = FreezeStep::frozen, .error = base::printable_line(rest)};
    } else if ((word == "thawed" || word == "late") && frozen_) {
        frozen_ = false;
        last_ = {.step = FreezeStep::thawed, .count = count, .late = word == "late"};
    }
}

void Freezer::finish() {
    loop_.remove(watch_, from_child_.get());
    to_child_.reset();
    from_child_.reset();
    child_->wait(kThawLimit);
    child_.reset();
    // Told only now: who hears it may want to freeze again at once.
    if (last_) {
        tell(*std::exchange(last_, std::nullopt));
    } else if (frozen_) {  // it was killed
        thaw_leftovers(places_);
        tell({.step = FreezeStep::thawed, .late = true});
    } else if (!answered_) {
        tell({.step = FreezeStep::frozen, .error = "the program that freezes has ended"});
    }
    frozen_ = false;
    on_end_();
}

void Freezer::tell(FreezeNote note) {
    answered_ = true;
    note.id = id_;
    on_note_(note);
}

}  // namespace hvruntime::agent
