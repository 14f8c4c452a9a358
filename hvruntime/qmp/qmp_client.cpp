// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/qmp/qmp_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "hvruntime/qmp/qmp_framer.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kEventLimit = 1000;  // older ones are dropped when nobody takes them

void send_line(int fd, const std::string& text) {
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t put = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            throw Error(ErrorKind::external,
                        fmt::format("QEMU's control connection is lost: {}", std::strerror(errno)));
        }
        rest.remove_prefix(static_cast<std::size_t>(put));
    }
}

}  // namespace

struct QmpClient::State {
    base::UniqueFd socket;
    OnEvent on_event;

    std::mutex send_mutex;  // keeps the bytes of two commands apart

    mutable std::mutex mutex;  // guards everything below
    std::condition_variable changed;
    bool greeted = false;
    bool closed = false;
    std::uint64_t next_id = 1;
    std::map<std::uint64_t, std::optional<Json>> replies;  // an entry per waiting command
    std::deque<QmpEvent> events;

    std::jthread reader;  // last: it uses all of the above

    void read_loop();
    void take(Json message);
};

void QmpClient::State::read_loop() {
    base::guarded("qmp", [&] {
        QmpFramer framer;
        std::array<char, 65536> buffer{};
        while (true) {
            const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                break;
            }
            framer.feed(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
            while (std::optional<Json> message = framer.next()) {
                take(std::move(*message));
            }
        }
    });
    const std::lock_guard lock(mutex);
    closed = true;
    changed.notify_all();
}

void QmpClient::State::take(Json message) {
    if (message.contains("event") && message["event"].is_string()) {
        QmpEvent event{.name = message["event"].get<std::string>(),
                       .data = message.value("data", Json::object())};
        base::log(base::LogLevel::debug, "qmp", "event {}", event.name);
        if (on_event) {
            on_event(event);
            return;
        }
        const std::lock_guard lock(mutex);
        events.push_back(std::move(event));
        if (events.size() > kEventLimit) {
            events.pop_front();
        }
        changed.notify_all();
        return;
    }
    const std::lock_guard lock(mutex);
    if (message.contains("QMP")) {
        greeted = true;
    } else if (message.contains("id") && message["id"].is_number_unsigned()) {
        const auto waiting = replies.find(message["id"].get<std::uint64_t>());
        if (waiting != replies.end()) {
            waiting->second = std::move(message);
        }
    }
    changed.notify_all();
}

QmpClient::QmpClient(base::UniqueFd socket, Milliseconds limit, OnEvent on_event)
    : state_(std::make_unique<State>()) {
    state_->socket = std::move(socket);
    state_->on_event = std::move(on_event);
    const auto deadline = Clock::now() + limit;
    State& state = *state_;
    // The destructor does not run when this constructor throws: the jthread's would wait for ever.
    bool done = false;
    struct Unblock {
        State& state;
        bool& done;
        ~Unblock() {
            if (!done) {
                ::shutdown(state.socket.get(), SHUT_RDWR);
            }
        }
    } const unblock{state, done};
    state.reader = std::jthread([&state] { state.read_loop(); });
    {
        std::unique_lock lock(state.mutex);
        state.changed.wait_until(lock, deadline, [&] { return state.greeted || state.closed; });
        if (!state.greeted) {
            throw Error(state.closed ? ErrorKind::external : ErrorKind::timeout,
                        state.closed ? "QEMU closed its control connection"
                                     : "QEMU does not answer on its control socket");
        }
    }
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now());
    execute("qmp_capabilities", left);
    done = true;
}

QmpClient::~QmpClient() {
    if (state_) {
        ::shutdown(state_->socket.get(), SHUT_RDWR);
    }
}

Json QmpClient::execute(std::string_view command, Milliseconds limit) {
    return execute(command, Json::object(), limit);
}

Json QmpClient::execute(std::string_view command, const Json& arguments, Milliseconds limit) {
    State& state = *state_;
    std::uint64_t id = 0;
    {
        const std::lock_guard lock(state.mutex);
        id = state.next_id++;
        state.replies[id] = std::nullopt;
    }
    Json request{{"execute", command}};
    if (!arguments.empty()) {
        request["arguments"] = arguments;
    }
    request["id"] = id;
    try {
        const std::lock_guard lock(state.send_mutex);
        send_line(state.socket.get(), base::to_json_text(request) + "\r\n");
    } catch (...) {
        const std::lock_guard lock(state.mutex);
        state.replies.erase(id);
        throw;
    }
    std::unique_lock lock(state.mutex);
    state.changed.wait_for(lock, limit,
                           [&] { return state.replies[id].has_value() || state.closed; });
    const std::optional<Json> reply = std::move(state.replies[id]);
    state.replies.erase(id);
    if (!reply) {
        throw Error(state.closed ? ErrorKind::external : ErrorKind::timeout,
                    state.closed ? fmt::format("QEMU ended before it answered '{}'", command)
                                 : fmt::format("QEMU did not answer '{}' within {} ms", command,
                                               limit.count()));
    }
    lock.unlock();
    if (const auto error = reply->find("error"); error != reply->end()) {
        const std::string text =
            error->is_object() ? base::string_or(*error, "desc", "no reason given") : "no reason";
        throw Error(ErrorKind::external, fmt::format("QEMU refused '{}': {}", command, text));
    }
    return reply->value("return", Json::object());
}

std::optional<QmpEvent> QmpClient::wait_event(Milliseconds limit) {
    State& state = *state_;
    std::unique_lock lock(state.mutex);
    state.changed.wait_for(lock, limit, [&] { return !state.events.empty() || state.closed; });
    if (state.events.empty()) {
        return std::nullopt;
    }
    QmpEvent event = std::move(state.events.front());
    state.events.pop_front();
    return event;
}

bool QmpClient::closed() const {
    const std::lock_guard lock(state_->mutex);
    return state_->closed;
}

base::UniqueFd try_connect_unix(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof(address.sun_path)) {
        return {};
    }
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // SAFETY: the socket interface takes every address family as sockaddr.
    if (!fd ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        return {};
    }
    return fd;
}

}  // namespace hvruntime
