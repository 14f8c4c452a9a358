// SPDX-License-Identifier: Apache-2.0
// How verbs talk to `muster serve`: HTTP over its unix socket. When nobody listens on the default
// socket the daemon is started. Errors of the daemon come out as the same base::Error they were
// there. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cli/io.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/process.h"
#include "base/stream.h"

namespace cli {

struct DaemonOptions {
    // --pool or MUSTER_POOL: the path of a socket. Empty: the default,
    // base::runtime_dir()/api.sock, started when absent.
    std::string pool;
    bool start = true;              // false: Error(not_found) when no daemon runs
    std::filesystem::path program;  // to start; empty: this program
    std::vector<std::string> arguments = {"serve"};
};

class DaemonClient {
  public:
    // Finds or starts the daemon and checks that it speaks our API level.
    explicit DaemonClient(DaemonOptions options);
    // With --pool (io.pool) or else MUSTER_POOL.
    static DaemonClient open(const base::cli::Io& io, bool start = true);

    // Body null: none. Throws what the daemon threw, Error(environment) when it does not answer.
    base::Json call(const std::string& method, const std::string& path,
                    const base::Json& body = nullptr,
                    std::chrono::milliseconds timeout = std::chrono::minutes(2)) const;
    // A call that starts a job, or asks for its abort: Ctrl-C does not cut it off, for then nobody
    // would know whether the daemon has heard it.
    base::Json call_whole(const std::string& method, const std::string& path,
                          const base::Json& body = nullptr) const;
    // The body comes from `source`, chunked.
    base::Json upload(const std::string& method, const std::string& path,
                      base::ByteSource& source) const;
    // A streamed reply, piece by piece; false ends it. Returns when the stream has ended.
    void stream(const std::string& path,
                const std::function<bool(std::string_view)>& on_piece) const;
    // As stream(), each line parsed as JSON. A blank line is a sign of life and comes as null. A
    // line that is an error object is thrown.
    void stream_lines(const std::string& path,
                      const std::function<bool(const base::Json&)>& on_line) const;

    // Follows the job to its end, draws its progress, and returns its public record when it has
    // completed; throws its error when it has failed. Survives a restart of the daemon. On Ctrl-C
    // asks for its abort, waits for the undo, and throws Error(interrupted): exit code 130. Further
    // Ctrl-C leave the undo to the daemon, but not before it has heard of the abort.
    base::Json follow_job(std::uint64_t id, base::cli::Io& io) const;
    // As follow_job(), but returns the record of every end.
    base::Json wait_job(std::uint64_t id, base::cli::Io& io) const;
    const std::string& socket_path() const { return socket_path_; }

    // Starts the daemon when nobody listens and that is allowed.
    void ensure_daemon() const;

  private:
    base::HttpRequest make_request(const std::string& method, const std::string& path,
                                   const base::Json& body) const;
    base::Json send(const base::HttpRequest& request, const std::string& path) const;
    bool answers() const;
    void start_daemon() const;
    void wait_for_daemon(const base::ProcessId& daemon, const base::Command& command,
                         const std::filesystem::path& log_path, std::uint64_t log_offset) const;
    DaemonOptions options_;
    std::string socket_path_;
};

}  // namespace cli
