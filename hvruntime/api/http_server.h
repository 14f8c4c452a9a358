// SPDX-License-Identifier: Apache-2.0
// The API's HTTP server on a unix socket; http_server.cpp is the only door to libmicrohttpd. One
// thread per connection, so handlers may block; they are called from several threads at once. A
// base::Error that leaves a handler becomes its HTTP status and the error object of base/cli/io.h.
// Only the user of the daemon and root may connect.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "hvruntime/api/http_message.h"

namespace hvruntime {

using Handler = std::function<Reply(const Request&)>;

class HttpServer {
  public:
    // Nothing listens yet.
    explicit HttpServer(std::filesystem::path socket_path);
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();  // stop()

    // Before start(). Pattern: "/v1/jobs/{id}", each {name} is one path segment. The body of a
    // request is limited to 4 MiB.
    void route(std::string method, const std::string& pattern, Handler handler);
    // As route(), but the body comes as Request::upload of any length. What the handler does not
    // read is discarded.
    void route_upload(std::string method, const std::string& pattern, Handler handler);

    // Listens, mode 0600. A socket file that nobody listens on is replaced; Error(conflict) when
    // somebody does.
    void start();
    // No new connections; streams end at their next piece, handlers are waited for; the socket file
    // is removed. May be called twice.
    void stop();
    const std::filesystem::path& socket_path() const { return socket_path_; }

  private:
    class Daemon;
    std::filesystem::path socket_path_;
    std::unique_ptr<Daemon> daemon_;
};

}  // namespace hvruntime
