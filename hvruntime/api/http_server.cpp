// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/api/http_server.h"

#include <unistd.h>
#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <microhttpd.h>

#include "base/cli/io.h"
#include "base/error.h"
#include "base/letter_case.h"
#include "base/log.h"
#include "hvruntime/api/route.h"
#include "hvruntime/api/unix_listener.h"
#include "hvruntime/api/upload_pipe.h"

namespace hvruntime {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kBodyLimit = 4U << 20U;
constexpr std::size_t kConnectionBuffer = 256U << 10U;
constexpr unsigned kMaxConnections = 512;
constexpr std::chrono::milliseconds kStreamSlice{200};  // how soon a stop or a hang-up is noticed

struct Route {
    std::string method;
    RoutePattern pattern;
    Handler handler;
    bool upload = false;
};

// Runs the handler; whatever it throws is the reply.
Reply call_handler(const Handler& handler, const Request& request) {
    try {
        return handler(request);
    } catch (const Error& error) {
        return reply_of(error);
    } catch (const std::bad_alloc&) {
        return reply_of(Error(ErrorKind::environment, "the daemon is out of memory"));
    } catch (const std::exception& error) {
        return reply_of(Error(ErrorKind::internal, error.what(),
                              "this is a bug of muster: please report it with the command"));
    }
}

// One request from its headers to its reply.
struct Exchange {
    Request request;
    const Route* route = nullptr;
    std::optional<Reply> reply;  // known before the body has come: an error
    bool body_too_large = false;
    UploadPipe pipe;
    std::jthread upload_thread;  // runs the handler of an upload route; writes `reply`

    void take_body(std::span<const std::byte> data) {
        if (upload_thread.joinable()) {
            pipe.push(data);
        } else if (!reply && request.body.size() + data.size() <= kBodyLimit) {
            request.body.append(base::as_text(data));
        } else if (!reply) {
            body_too_large = true;  // the rest is read and dropped: then the client hears of it
        }
    }
    void start_upload() {
        request.upload = &pipe;
        upload_thread = std::jthread([this] {
            Reply result = call_handler(route->handler, request);
            reply = std::move(result);  // read by finish() after the join
            pipe.discard_rest();
        });
    }
    Reply finish() {
        if (upload_thread.joinable()) {
            pipe.end();
            upload_thread.join();
        } else if (body_too_large) {
            Reply too_large =
                reply_of(Error(ErrorKind::invalid_input, "the body of the request is too large",
                               fmt::format("the limit is {} MiB", kBodyLimit >> 20U)));
            too_large.status = 413;
            return too_large;
        } else if (!reply) {
            return call_handler(route->handler, request);
        }
        return std::move(*reply);
    }
    void give_up() {
        if (upload_thread.joinable()) {
            pipe.cancel();
            upload_thread.join();
        }
    }
};

}  // namespace

// The routes and, while it runs, the libmicrohttpd daemon.
class HttpServer::Daemon {
  public:
    std::vector<Route> routes;

    void start(const std::filesystem::path& path);
    void stop();
    bool stopping() {
        const std::lock_guard lock(mutex_);
        return stopping_;
    }

  private:
    static MHD_Result on_request(void* user, MHD_Connection* connection, const char* url,
                                 const char* method, const char* version, const char* data,
                                 std::size_t* size, void** exchange);
    static void on_completed(void* user, MHD_Connection* connection, void** exchange,
                             MHD_RequestTerminationCode reason);
    std::unique_ptr<Exchange> begin(MHD_Connection* connection, const char* url,
                                    const char* method);
    void find_route(Exchange& exchange);
    MHD_Result send(MHD_Connection* connection, Reply reply);
    MHD_Response* make_stream(MHD_Connection* connection, Reply reply);

    std::optional<UnixListener> listener_;
    MHD_Daemon* mhd_ = nullptr;
    std::mutex mutex_;  // guards what follows
    std::condition_variable moved_;
    bool stopping_ = false;
    std::size_t exchanges_ = 0;
};

namespace {

// A reply that is pulled piece by piece on the connection's thread.
struct Stream {
    NextPiece next;
    std::function<bool()> stopping;
    int connection_fd = -1;
    bool lines = false;
    bool last = false;
    std::string piece;
    std::size_t sent = 0;

    // Fills `piece`; false: the end.
    bool fetch() {
        while (sent == piece.size()) {
            if (last || stopping() || peer_is_gone(connection_fd)) {
                return false;
            }
            sent = 0;
            piece.clear();
            try {
                std::optional<std::string> got = next(kStreamSlice);
                last = !got;
                piece = std::move(got).value_or("");
            } catch (const Error& error) {
                // After the headers an error can only be told in the stream itself.
                last = true;
                piece = lines ? base::to_json_text(base::cli::error_to_json(error)) + "\n" : "";
            }
        }
        return true;
    }
};

ssize_t on_stream(void* user, std::uint64_t /*position*/, char* buffer, std::size_t room) {
    auto& stream = *static_cast<Stream*>(user);
    ssize_t count = MHD_CONTENT_READER_END_WITH_ERROR;
    base::guarded("api", [&] {
        if (!stream.fetch()) {
            count = MHD_CONTENT_READER_END_OF_STREAM;
            return;
        }
        const std::size_t size = std::min(room, stream.piece.size() - stream.sent);
        std::copy_n(stream.piece.data() + stream.sent, size, buffer);
        stream.sent += size;
        count = static_cast<ssize_t>(size);
    });
    return count;
}

void on_stream_free(void* user) {
    const std::unique_ptr<Stream> stream(static_cast<Stream*>(user));
}

// The path and query come as they were sent: we decode them, each part by itself.
std::size_t on_unescape(void* /*user*/, MHD_Connection* /*connection*/, char* text) {
    return std::strlen(text);
}

MHD_Result on_header(void* user, MHD_ValueKind /*kind*/, const char* key, const char* value) {
    base::guarded("api", [&] {
        static_cast<Request*>(user)->headers[base::to_lower(key)] = value == nullptr ? "" : value;
    });
    return MHD_YES;
}

MHD_Result on_query(void* user, MHD_ValueKind /*kind*/, const char* key, const char* value) {
    base::guarded("api", [&] {
        const auto decode = [](std::string text) {
            std::replace(text.begin(), text.end(), '+', ' ');
            return percent_decode(text).value_or(text);
        };
        static_cast<Request*>(user)->query[decode(key)] = decode(value == nullptr ? "" : value);
    });
    return MHD_YES;
}

int fd_of(MHD_Connection* connection) {
    const MHD_ConnectionInfo* info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == nullptr ? -1 : info->connect_fd;
}

}  // namespace

std::unique_ptr<Exchange> HttpServer::Daemon::begin(MHD_Connection* connection, const char* url,
                                                    const char* method) {
    auto exchange = std::make_unique<Exchange>();
    Request& request = exchange->request;
    request.method = method;
    request.path = url;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, &request);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_query, &request);
    try {
        const Peer peer = peer_of(fd_of(connection));
        request.peer_uid = peer.uid;
        request.peer_pid = peer.pid;
        if (peer.uid != 0 && peer.uid != ::geteuid()) {
            exchange->reply =
                reply_of(Error(ErrorKind::environment, "this daemon belongs to another user"));
            exchange->reply->status = 403;
        } else {
            find_route(*exchange);
        }
    } catch (const Error& error) {
        exchange->reply = reply_of(error);
    }
    base::log(base::LogLevel::debug, "api", "{} {} of uid {} pid {}", request.method, request.path,
              request.peer_uid, request.peer_pid);
    return exchange;
}

void HttpServer::Daemon::find_route(Exchange& exchange) {
    bool path_known = false;
    for (const Route& route : routes) {
        auto params = route.pattern.match(exchange.request.path);
        if (params && route.method == exchange.request.method) {
            exchange.request.params = std::move(*params);
            exchange.route = &route;
            if (route.upload) {
                exchange.start_upload();
            }
            return;
        }
        path_known = path_known || params;
    }
    exchange.reply = reply_of(
        Error(ErrorKind::not_found,
              fmt::format("the daemon does not know {} {}", exchange.request.method,
                          exchange.request.path),
              "the daemon may be of another version than this program: see muster --version"));
    if (path_known) {
        exchange.reply->status = 405;
    }
}

MHD_Result HttpServer::Daemon::on_request(void* user, MHD_Connection* connection, const char* url,
                                          const char* method, const char* /*version*/,
                                          const char* data, std::size_t* size, void** slot) {
    auto& self = *static_cast<Daemon*>(user);
    MHD_Result result = MHD_NO;
    base::guarded("api", [&] {
        if (*slot == nullptr) {
            *slot = self.begin(connection, url, method).release();
            const std::lock_guard lock(self.mutex_);
            ++self.exchanges_;
            result = MHD_YES;
            return;
        }
        auto& exchange = *static_cast<Exchange*>(*slot);
        if (*size > 0) {
            exchange.take_body(base::as_bytes({data, *size}));
            *size = 0;
            result = MHD_YES;
            return;
        }
        result = self.send(connection, exchange.finish());
    });
    return result;
}

void HttpServer::Daemon::on_completed(void* user, MHD_Connection* /*connection*/, void** slot,
                                      MHD_RequestTerminationCode /*reason*/) {
    if (*slot == nullptr) {
        return;
    }
    const std::unique_ptr<Exchange> exchange(static_cast<Exchange*>(*slot));
    *slot = nullptr;
    base::guarded("api", [&] { exchange->give_up(); });
    auto& self = *static_cast<Daemon*>(user);
    const std::lock_guard lock(self.mutex_);
    --self.exchanges_;
    self.moved_.notify_all();
}

MHD_Response* HttpServer::Daemon::make_stream(MHD_Connection* connection, Reply reply) {
    auto stream = std::make_unique<Stream>();
    stream->next = std::move(reply.stream);
    stream->stopping = [this] { return stopping(); };
    stream->connection_fd = fd_of(connection);
    stream->lines = reply.content_type == "application/x-ndjson";
    MHD_Response* response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, 64U << 10U, on_stream, stream.get(), on_stream_free);
    if (response != nullptr) {
        static_cast<void>(stream.release());  // freed by on_stream_free
        MHD_add_response_header(response, "Content-Type", reply.content_type.c_str());
    }
    return response;
}

MHD_Result HttpServer::Daemon::send(MHD_Connection* connection, Reply reply) {
    const auto status = static_cast<unsigned>(reply.status);
    MHD_Response* response = nullptr;
    if (reply.stream) {
        response = make_stream(connection, std::move(reply));
    } else {
        const bool is_text = !reply.text_type.empty();
        std::string body = is_text ? std::move(reply.text) : base::to_json_text(reply.body) + "\n";
        response = MHD_create_response_from_buffer(body.size(), body.data(), MHD_RESPMEM_MUST_COPY);
        if (response != nullptr) {
            MHD_add_response_header(response, "Content-Type",
                                    is_text ? reply.text_type.c_str() : "application/json");
        }
    }
    if (response == nullptr) {
        return MHD_NO;
    }
    const MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

void HttpServer::Daemon::start(const std::filesystem::path& path) {
    listener_.emplace(path);
    mhd_ = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                                MHD_USE_POLL | MHD_USE_ITC,
                            0, nullptr, nullptr, &Daemon::on_request, this,            //
                            MHD_OPTION_LISTEN_SOCKET, listener_->fd(),                 //
                            MHD_OPTION_NOTIFY_COMPLETED, &Daemon::on_completed, this,  //
                            MHD_OPTION_UNESCAPE_CALLBACK, &on_unescape,
                            static_cast<void*>(nullptr),                            //
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBuffer,  //
                            MHD_OPTION_CONNECTION_LIMIT, kMaxConnections,           //
                            MHD_OPTION_END);
    if (mhd_ == nullptr) {
        listener_.reset();
        throw Error(ErrorKind::environment, "the API server does not start",
                    "see the limits of threads and open files (ulimit -a)");
    }
}

void HttpServer::Daemon::stop() {
    if (mhd_ == nullptr) {
        return;
    }
    MHD_quiesce_daemon(mhd_);  // no new connections; the listening socket stays ours
    {
        std::unique_lock lock(mutex_);
        stopping_ = true;
        // Replies under way are sent before the connections are cut.
        moved_.wait_for(lock, std::chrono::seconds(10), [this] { return exchanges_ == 0; });
    }
    MHD_stop_daemon(mhd_);
    mhd_ = nullptr;
    listener_.reset();
}

HttpServer::HttpServer(std::filesystem::path socket_path)
    : socket_path_(std::move(socket_path)), daemon_(std::make_unique<Daemon>()) {
}

HttpServer::~HttpServer() {
    base::guarded("api", [this] { stop(); });
}

void HttpServer::route(std::string method, const std::string& pattern, Handler handler) {
    daemon_->routes.push_back({std::move(method), RoutePattern(pattern), std::move(handler)});
}

void HttpServer::route_upload(std::string method, const std::string& pattern, Handler handler) {
    daemon_->routes.push_back({std::move(method), RoutePattern(pattern), std::move(handler), true});
}

void HttpServer::start() {
    daemon_->start(socket_path_);
}

void HttpServer::stop() {
    daemon_->stop();
}

}  // namespace hvruntime
