// SPDX-License-Identifier: Apache-2.0
// The switch's control socket: JSON lines, {"id":N,"op":"…",…} in, {"id":N,"ok":true,"result":…} or
// {"id":N,"ok":false,"error":{"kind","message","hint"}} out. Answers may come later and in another
// order. Bounded: connections, line length, unsent answers. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "hvruntime/net/engine/poll_set.h"

namespace hvruntime::net {

class ControlServer {
  public:
    // Who is to be answered. A client that left meanwhile is not found, and nothing is sent.
    struct Caller {
        std::uint64_t connection = 0;
        base::Json id;
    };
    using Handler = std::function<void(const Caller& caller, const base::Json& request)>;

    ControlServer(std::string path, Handler handler);
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;
    ~ControlServer();

    void reply(const Caller& caller, base::Json result);
    void reply_error(const Caller& caller, const base::Error& error);
    void add_polls(PollSet& polls);
    void handle(const PollSet& polls);

  private:
    struct Connection {
        std::uint64_t serial = 0;
        base::UniqueFd fd;
        std::string input;
        std::string output;
        std::size_t poll_index = 0;
        bool polled = false;
        bool ended = false;
    };
    void accept_one();
    void receive(Connection& connection);
    void take_lines(Connection& connection);
    void take_line(std::uint64_t serial, const std::string& line);
    void flush(Connection& connection);
    void send_line(const Caller& caller, const base::Json& line);

    std::string path_;
    Handler handler_;
    base::UniqueFd listener_;
    std::size_t listen_index_ = 0;
    std::uint64_t next_serial_ = 1;
    std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace hvruntime::net
