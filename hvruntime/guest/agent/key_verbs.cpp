// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/key_verbs.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "hvruntime/guest/agent/channel/guest_state.h"
#include "hvruntime/guest/agent/channel/local_request.h"

namespace hvruntime::agent {

namespace {

using Clock = std::chrono::steady_clock;
using Kind = LocalRequest::Kind;

constexpr std::chrono::seconds kAnswerLimit{30};
constexpr std::chrono::hours kForever{24 * 365};

std::vector<KeyEntry> read(const LocalRequest& request, const Places& places) {
    if (auto entries = ask_daemon(request, places, kAnswerLimit)) {
        return *entries;
    }
    const GuestState state(places);
    if (request.kind == Kind::list) {
        return state.list(request.key);
    }
    const std::optional<KeyEntry> entry = state.find(request.key);
    return entry ? std::vector{*entry} : std::vector<KeyEntry>();
}

void write(const LocalRequest& request, const Places& places) {
    if (!ask_daemon(request, places, kAnswerLimit)) {
        spool_request(request, places);
    }
}

// One line per entry: what would break the line is escaped.
std::string one_line(std::string_view value) {
    std::string out;
    for (const char c : value) {
        switch (c) {
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            case '\\': out += "\\\\"; break;
            default: out += c;
        }
    }
    return out;
}

// Asks again each time something appears in /run/muster-guest, until a daemon answers.
std::vector<KeyEntry> ask_patiently(const LocalRequest& request, const Places& places,
                                    Clock::time_point deadline) {
    base::make_dirs(places.run_dir(), 0700);
    const base::UniqueFd watch(::inotify_init1(IN_CLOEXEC));
    if (!watch ||
        ::inotify_add_watch(watch.get(), places.run_dir().c_str(), IN_CREATE | IN_MOVED_TO) < 0) {
        throw base::SystemError(errno, fmt::format("watching '{}'", places.run_dir().string()));
    }
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        try {
            const auto entries =
                ask_daemon(request, places, std::max(left, std::chrono::milliseconds(0)));
            if (entries) {
                return *entries;
            }
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::external) {  // else: the daemon is restarting
                throw;
            }
        }
        // Before a daemon runs, the environment's properties may answer.
        const std::optional<KeyEntry> entry = GuestState(places).find(request.key);
        if (entry && (!request.value || entry->value == *request.value)) {
            return {*entry};
        }
        if (left.count() <= 0) {
            throw base::Error(base::ErrorKind::timeout, "muster-guest's daemon is not running");
        }
        pollfd entry_fd{watch.get(), POLLIN, 0};
        ::poll(&entry_fd, 1, static_cast<int>(std::min<long>(left.count(), 3'600'000)));
        std::array<char, 4096> news;
        if (entry_fd.revents != 0 && ::read(watch.get(), news.data(), news.size()) < 0) {
            throw base::SystemError(errno, "waiting for muster-guest's daemon");
        }
    }
}

}  // namespace

void print_key(const std::string& key, const Places& places) {
    const auto entries = read({.kind = Kind::get, .key = key}, places);
    if (entries.empty()) {
        throw base::Error(base::ErrorKind::not_found, fmt::format("there is no key '{}'", key),
                          "'muster-guest list' shows all");
    }
    fmt::print("{}\n", entries[0].value);
}

void print_list(const std::string& prefix, const Places& places) {
    for (const KeyEntry& entry : read({.kind = Kind::list, .key = prefix}, places)) {
        fmt::print("{}={}\n", entry.key, entry.secret ? "***" : one_line(entry.value));
    }
}

void set_keys(const std::vector<std::string>& words, bool secret, const Places& places) {
    if (words.size() % 2 != 0) {
        throw base::Error(base::ErrorKind::usage, "a key without a value",
                          "give keys and values by turns: set KEY VALUE KEY VALUE");
    }
    LocalRequest request{.kind = Kind::set};
    for (std::size_t i = 0; i < words.size(); i += 2) {
        check_key(words[i]);
        check_value(words[i], words[i + 1]);
        request.writes.push_back({.key = words[i], .value = words[i + 1], .secret = secret});
    }
    write(request, places);
}

void delete_keys(const std::vector<std::string>& keys, const Places& places) {
    LocalRequest request{.kind = Kind::set};
    for (const std::string& key : keys) {
        check_key(key);
        request.writes.push_back({.key = key});
    }
    write(request, places);
}

void wait_for_key(const std::string& key, const std::optional<std::string>& value,
                  std::optional<std::chrono::milliseconds> limit, const Places& places) {
    check_key(key);
    const LocalRequest request{.kind = Kind::wait, .key = key, .value = value};
    try {
        const auto entries =
            ask_patiently(request, places, Clock::now() + limit.value_or(kForever));
        fmt::print("{}\n", entries.at(0).value);
    } catch (base::Error& error) {
        error.add_context(fmt::format("waiting for key '{}'", key));
        throw;
    }
}

void send_event(const std::string& text, const Places& places) {
    check_event(text);
    write({.kind = Kind::event, .text = text}, places);
}

}  // namespace hvruntime::agent
