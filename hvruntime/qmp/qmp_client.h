// SPDX-License-Identifier: Apache-2.0
// One QMP connection. Every command carries an id and waits for its own reply; events are handed to
// a callback, or queued. A thread of its own reads the socket. Thread-safe.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/json.h"

namespace hvruntime {

struct QmpEvent {
    std::string name;  // "SHUTDOWN"
    base::Json data;   // an object, may be empty
};

class QmpClient {
  public:
    using Milliseconds = std::chrono::milliseconds;
    // Called from the reader thread, without a lock held; it must not destroy the client.
    using OnEvent = std::function<void(const QmpEvent&)>;

    // Takes a connected stream: waits for the greeting and leaves capabilities mode. Throws
    // Error(timeout) or Error(external). Without `on_event` events are queued for wait_event().
    QmpClient(base::UniqueFd socket, Milliseconds limit, OnEvent on_event = {});
    QmpClient(const QmpClient&) = delete;
    QmpClient& operator=(const QmpClient&) = delete;
    ~QmpClient();

    // The "return" value. Throws Error(external) with QEMU's description when it refuses or the
    // connection is lost, Error(timeout) when no reply comes; a late reply is dropped.
    base::Json execute(std::string_view command, const base::Json& arguments, Milliseconds limit);
    base::Json execute(std::string_view command, Milliseconds limit);

    // The next queued event; nullopt when none came in time or the connection is gone.
    std::optional<QmpEvent> wait_event(Milliseconds limit);
    bool closed() const;  // the other side has gone

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// A connected stream socket, or an empty fd when nobody listens there (yet).
base::UniqueFd try_connect_unix(const std::filesystem::path& path);

}  // namespace hvruntime
