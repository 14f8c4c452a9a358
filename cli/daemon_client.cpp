// SPDX-License-Identifier: Apache-2.0
#include "cli/daemon_client.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/process.h"
#include "hvruntime/api/job_routes.h"

namespace cli {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;

constexpr std::chrono::seconds kStartLimit{60};

std::string url_of(const std::string& path) {
    return "http://muster" + path;
}

std::filesystem::path this_program() {
    return std::filesystem::read_symlink("/proc/self/exe");
}

[[noreturn]] void throw_reply(const base::HttpResponse& response, const std::string& path) {
    Json object;
    try {
        object = base::parse_json(response.body, "the daemon's error");
    } catch (const Error&) {
        throw Error(ErrorKind::external,
                    fmt::format("the daemon answers {} to {}", response.status, path));
    }
    base::cli::throw_error(object);
}

// What the daemon said since its log had `offset` bytes.
std::string read_log_tail(const std::filesystem::path& path, std::uint64_t offset) {
    constexpr std::size_t kTail = 4096;
    std::string text = base::read_file(path, 1U << 30U).substr(offset);
    return text.size() > kTail ? text.substr(text.size() - kTail) : text;
}

void check_api_level(const Json& version) {
    if (version.value("api", 0) != hvruntime::kApiLevel) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("the running daemon is muster {}, this is muster {}, and they do "
                                "not understand each other",
                                base::string_or(version, "version", "?"), MUSTER_VERSION),
                    "restart the daemon with this version: machines keep running meanwhile");
    }
}

}  // namespace

DaemonClient::DaemonClient(DaemonOptions options) : options_(std::move(options)) {
    if (base::is_http_url(options_.pool)) {
        throw Error(
            ErrorKind::unsupported,
            fmt::format("pools over the network are not supported yet: '{}'", options_.pool),
            "give the path of a daemon's unix socket");
    }
    socket_path_ =
        options_.pool.empty() ? (base::runtime_dir() / "api.sock").string() : options_.pool;
    ensure_daemon();
}

DaemonClient DaemonClient::open(const base::cli::Io& io, bool start) {
    DaemonOptions options;
    const char* from_env = std::getenv("MUSTER_POOL");
    options.pool = !io.pool.empty() ? io.pool : from_env != nullptr ? from_env : "";
    options.start = start;
    return DaemonClient(std::move(options));
}

void DaemonClient::ensure_daemon() const {
    if (answers()) {
        return;
    }
    if (!options_.pool.empty()) {
        throw Error(ErrorKind::environment, fmt::format("no daemon listens on '{}'", socket_path_),
                    "start one there, or leave --pool and MUSTER_POOL away to use your own");
    }
    if (!options_.start) {
        throw Error(ErrorKind::not_found, "no daemon is running",
                    "'muster up' starts one, or run 'muster serve'");
    }
    // Of several programs that find nobody, one starts the daemon and the others wait for it.
    const base::FileLock lock(base::runtime_dir() / "serve-start.lock");
    if (!answers()) {
        start_daemon();
    }
}

bool DaemonClient::answers() const {
    base::HttpRequest request;
    request.url = url_of("/v1/version");
    request.unix_socket = socket_path_;
    request.timeout = std::chrono::seconds(30);
    base::HttpResponse response;
    try {
        response = base::http_call(request);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::environment) {
            return false;  // nobody there
        }
        throw;
    }
    if (response.status != 200) {
        throw_reply(response, "/v1/version");
    }
    check_api_level(base::parse_json(response.body, "the daemon's version"));
    return true;
}

void DaemonClient::start_daemon() const {
    base::Command command;
    command.argv = {options_.program.empty() ? this_program().string() : options_.program.string()};
    command.argv.insert(command.argv.end(), options_.arguments.begin(), options_.arguments.end());
    command.cwd = "/";
    const std::filesystem::path log_path = base::data_dir() / "serve.log";
    const std::uint64_t offset = std::filesystem::exists(log_path) ? base::file_size(log_path) : 0;
    try {
        wait_for_daemon(base::spawn_detached(command, log_path), command, log_path, offset);
    } catch (Error& error) {
        error.set_hint(fmt::format("see the daemon's log '{}'", log_path.string()));
        throw;
    }
}

void DaemonClient::wait_for_daemon(const base::ProcessId& daemon, const base::Command& command,
                                   const std::filesystem::path& log_path,
                                   std::uint64_t log_offset) const {
    const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
    while (!answers()) {
        base::interrupt().check();
        if (!base::is_alive(daemon)) {
            throw base::CommandError(command.to_string(), 1, read_log_tail(log_path, log_offset),
                                     "the daemon ended while it started");
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw Error(ErrorKind::timeout,
                        fmt::format("the daemon (process {}) does not answer on '{}'", daemon.pid,
                                    socket_path_));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    base::log(base::LogLevel::info, "cli", "started the daemon, process {}; its log is '{}'",
              daemon.pid, log_path.string());
}

base::HttpRequest DaemonClient::make_request(const std::string& method, const std::string& path,
                                             const Json& body) const {
    base::HttpRequest request;
    request.method = method;
    request.url = url_of(path);
    request.unix_socket = socket_path_;
    if (!body.is_null()) {
        request.body = base::to_json_text(body);
        request.headers = {"Content-Type: application/json"};
    }
    return request;
}

Json DaemonClient::send(const base::HttpRequest& request, const std::string& path) const {
    const base::HttpResponse response = base::http_call(request);
    if (response.status >= 400) {
        throw_reply(response, path);
    }
    return base::parse_json(response.body, "the daemon's answer");
}

Json DaemonClient::call(const std::string& method, const std::string& path, const Json& body,
                        std::chrono::milliseconds timeout) const {
    base::HttpRequest request = make_request(method, path, body);
    request.timeout = timeout;
    return send(request, path);
}

Json DaemonClient::call_whole(const std::string& method, const std::string& path,
                              const Json& body) const {
    base::HttpRequest request = make_request(method, path, body);
    request.timeout = std::chrono::minutes(2);
    request.interruptible = false;
    return send(request, path);
}

Json DaemonClient::upload(const std::string& method, const std::string& path,
                          base::ByteSource& source) const {
    base::HttpRequest request = make_request(method, path, nullptr);
    request.timeout = std::chrono::milliseconds(0);
    request.body_source = &source;
    return send(request, path);
}

void DaemonClient::stream(const std::string& path,
                          const std::function<bool(std::string_view)>& on_piece) const {
    base::HttpRequest request = make_request("GET", path, nullptr);
    request.timeout = std::chrono::milliseconds(0);
    request.on_body = on_piece;
    base::HttpResponse response = base::http_call(request);
    if (response.status >= 400) {
        throw_reply(response, path);
    }
}

void DaemonClient::stream_lines(const std::string& path,
                                const std::function<bool(const Json&)>& on_line) const {
    std::string rest;
    const auto take = [&](std::string_view line) {
        if (line.empty()) {
            return on_line(nullptr);
        }
        const Json object = base::parse_json(line, "a line of the daemon's answer");
        if (object.is_object() && object.value("type", "") == "error") {
            base::cli::throw_error(object);
        }
        return on_line(object);
    };
    stream(path, [&](std::string_view piece) {
        rest += piece;
        std::size_t start = 0;
        for (std::size_t end = rest.find('\n'); end != std::string::npos;
             end = rest.find('\n', start)) {
            const std::string line = rest.substr(start, end - start);
            start = end + 1;
            if (!take(line)) {
                return false;
            }
        }
        rest.erase(0, start);
        return true;
    });
}

}  // namespace cli
