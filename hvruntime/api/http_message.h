// SPDX-License-Identifier: Apache-2.0
// A request and a reply of the API as values; the server behind them is http_server.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/error.h"
#include "base/json.h"
#include "base/stream.h"

namespace hvruntime {

struct Request {
    std::string method;
    std::string path;                            // as sent, not decoded
    std::map<std::string, std::string> params;   // of the route's {names}, decoded
    std::map<std::string, std::string> query;    // decoded; the last of several wins
    std::map<std::string, std::string> headers;  // lower-case names
    std::string body;                            // empty for upload routes
    base::ByteSource* upload = nullptr;          // upload routes only; lives as long as the handler
    uid_t peer_uid = 0;
    pid_t peer_pid = 0;

    const std::string& param(std::string_view name) const;  // exists when the route names it
    // Error(usage) when it is not a number.
    std::uint64_t number_param(std::string_view name) const;
    std::uint64_t number_query(std::string_view name, std::uint64_t fallback) const;
    std::string query_or(std::string_view name, std::string fallback) const;
    base::Json json() const;       // of the body; {} when empty; Error(invalid_input)
    std::string asked_by() const;  // "alice (uid 1000)", for job records
};

// Gives the next piece of a streamed reply: a piece, "" when none came within `wait` (the server
// then looks whether the client is still there and asks again), nullopt at the end. Destroyed when
// the client has gone.
using NextPiece = std::function<std::optional<std::string>(std::chrono::milliseconds wait)>;

struct Reply {
    int status = 200;
    base::Json body = base::Json::object();
    NextPiece stream;                                   // set: sent instead of body
    std::string content_type = "application/x-ndjson";  // of the stream
    std::string text;  // sent instead of body when text_type is set
    std::string text_type;
};

int http_status_of(base::ErrorKind kind);
Reply reply_of(const base::Error& error);

}  // namespace hvruntime
