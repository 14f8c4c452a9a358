// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/api/http_server.h"

#include <atomic>
#include <chrono>
#include <thread>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cstring>

#include "base/crypto/digest.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/process.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

using namespace std::chrono_literals;
using base::Error;
using base::ErrorKind;
using base::Json;
using hvruntime::HttpServer;
using hvruntime::Reply;
using hvruntime::Request;
using tests::error_of;
using tests::eventually;

namespace {

struct Api {
    base::TempDir dir;
    HttpServer server{dir.path() / "api.sock"};

    base::HttpRequest request(const std::string& method, const std::string& path) const {
        base::HttpRequest request;
        request.method = method;
        request.url = "http://muster" + path;
        request.unix_socket = server.socket_path().string();
        return request;
    }
    base::HttpResponse call(const std::string& method, const std::string& path,
                            const std::string& body = "") const {
        base::HttpRequest wanted = request(method, path);
        wanted.body = body;
        return base::http_call(wanted);
    }
};

Reply json_reply(Json body) {
    Reply reply;
    reply.body = std::move(body);
    return reply;
}

// `size` bytes of a pattern, without holding them.
class PatternSource : public base::ByteSource {
  public:
    explicit PatternSource(std::uint64_t size) : left_(size) {}
    std::size_t read(std::span<std::byte> buffer) override {
        const std::size_t count = std::min<std::uint64_t>(buffer.size(), left_);
        for (std::size_t i = 0; i < count; ++i) {
            buffer[i] = static_cast<std::byte>((left_ - i) % 251);
        }
        left_ -= count;
        return count;
    }
    const std::string& name() const override { return name_; }

  private:
    std::uint64_t left_;
    std::string name_ = "pattern";
};

std::uint64_t resident_kib() {
    const std::string status = base::read_file("/proc/self/status");
    return std::stoull(status.substr(status.find("VmRSS:") + 6));
}

}  // namespace

TEST_CASE("a request reaches its handler with all its parts", "[hvruntime][api]") {
    Api api;
    api.server.route("POST", "/v1/things/{name}/do", [](const Request& request) {
        CHECK(request.peer_uid == ::geteuid());
        CHECK(request.peer_pid == ::getpid());
        return json_reply({{"method", request.method},
                           {"name", request.param("name")},
                           {"query", request.query_or("q", "")},
                           {"number", request.number_query("n", 5)},
                           {"body", request.json()},
                           {"host", request.headers.at("host")},
                           {"asked_by", request.asked_by()}});
    });
    api.server.start();
    const auto response =
        api.call("POST", "/v1/things/a%2Fb/do?q=x+y%26z&n=17", R"({"deep": [1, 2]})");
    CHECK(response.status == 200);
    CHECK(response.headers.at("content-type") == "application/json");
    const Json reply = base::parse_json(response.body, "the reply");
    CHECK(reply.at("name") == "a/b");
    CHECK(reply.at("query") == "x y&z");
    CHECK(reply.at("number") == 17);
    CHECK(reply.at("body").at("deep").at(1) == 2);
    CHECK(reply.at("host") == "muster");
    CHECK_THAT(reply.at("asked_by").get<std::string>(),
               Catch::Contains("uid " + std::to_string(::geteuid())));
}

TEST_CASE("an error of a handler arrives whole", "[hvruntime][api]") {
    Api api;
    api.server.route("GET", "/error/{kind}", [](const Request& request) -> Reply {
        throw Error(base::find_error_kind(request.param("kind")).value(), "it is so", "do this");
    });
    api.server.route("GET", "/bug",
                     [](const Request&) -> Reply { throw std::logic_error("oops"); });
    api.server.route("GET", "/number/{n}", [](const Request& request) {
        return json_reply({{"n", request.number_param("n")}});
    });
    api.server.route("POST", "/json",
                     [](const Request& request) { return json_reply(request.json()); });
    api.server.start();
    const std::vector<std::pair<std::string, int>> table = {
        {"internal", 500},    {"usage", 400},    {"not_found", 404},   {"invalid_input", 422},
        {"unsupported", 501}, {"conflict", 409}, {"environment", 503}, {"timeout", 504},
        {"external", 502},    {"partial", 500},  {"interrupted", 503}};
    for (const auto& [kind, status] : table) {
        const auto response = api.call("GET", "/error/" + kind);
        CHECK(response.status == status);
        const Json object = base::parse_json(response.body, "the reply");
        CHECK(object.at("type") == "error");
        CHECK(object.at("kind") == kind);
        CHECK(object.at("message") == "it is so");
        CHECK(object.at("hint") == "do this");
    }
    CHECK(api.call("GET", "/bug").status == 500);
    CHECK(api.call("GET", "/number/12").status == 200);
    CHECK(api.call("GET", "/number/12x").status == 400);
    CHECK(api.call("GET", "/number/-1").status == 400);
    CHECK(api.call("GET", "/number/99999999999999999999").status == 400);
    CHECK(api.call("POST", "/json", "{broken").status == 422);
    CHECK(api.call("POST", "/json").status == 200);
    CHECK(api.call("GET", "/nothing").status == 404);
    CHECK(api.call("GET", "/json").status == 405);
}

TEST_CASE("a body over 4 MiB is refused, one below is taken", "[hvruntime][api]") {
    Api api;
    api.server.route("POST", "/size", [](const Request& request) {
        return json_reply({{"size", request.body.size()}});
    });
    api.server.start();
    const auto taken = api.call("POST", "/size", std::string(4U << 20U, 'x'));
    CHECK(taken.status == 200);
    CHECK(base::parse_json(taken.body, "reply").at("size") == 4U << 20U);
    const auto refused = api.call("POST", "/size", std::string((4U << 20U) + 1, 'x'));
    CHECK(refused.status == 413);
    CHECK(base::parse_json(refused.body, "reply").at("kind") == "invalid_input");
    CHECK(api.call("POST", "/none", std::string(9U << 20U, 'x')).status == 404);
}

TEST_CASE("an upload of 100 MB is streamed and not held in memory", "[hvruntime][api]") {
    constexpr std::uint64_t kSize = 100'000'000;
    Api api;
    api.server.route_upload("PUT", "/upload/{name}", [](const Request& request) {
        std::uint64_t size = 0;
        std::uint64_t sum = 0;
        std::vector<std::byte> buffer(100'000);
        while (const std::size_t got = request.upload->read(buffer)) {
            for (std::size_t i = 0; i < got; ++i) {
                sum = sum * 31 + static_cast<unsigned>(buffer[i]);
            }
            size += got;
        }
        return json_reply({{"name", request.param("name")}, {"size", size}, {"sum", sum}});
    });
    api.server.start();
    api.call("GET", "/warm-up");
    const std::uint64_t before = resident_kib();
    PatternSource source(kSize);
    base::HttpRequest request = api.request("PUT", "/upload/disk");
    request.body_source = &source;
    const auto response = base::http_call(request);
    CHECK(resident_kib() - std::min(before, resident_kib()) < 20'000);
    REQUIRE(response.status == 200);
    const Json reply = base::parse_json(response.body, "reply");
    CHECK(reply.at("size") == kSize);
    std::uint64_t sum = 0;
    for (std::uint64_t left = kSize; left > 0; --left) {
        sum = sum * 31 + left % 251;
    }
    CHECK(reply.at("sum") == sum);
}

TEST_CASE("an upload that its handler refuses half-way is answered with the error",
          "[hvruntime][api]") {
    Api api;
    api.server.route_upload("PUT", "/upload", [](const Request& request) -> Reply {
        std::vector<std::byte> buffer(1000);
        request.upload->read(buffer);
        throw Error(ErrorKind::invalid_input, "this is no OVA");
    });
    api.server.start();
    PatternSource source(30'000'000);
    base::HttpRequest request = api.request("PUT", "/upload");
    request.body_source = &source;
    const auto response = base::http_call(request);
    CHECK(response.status == 422);
    CHECK(base::parse_json(response.body, "reply").at("message") == "this is no OVA");
}

TEST_CASE("a handler learns that the uploading client has gone", "[hvruntime][api]") {
    Api api;
    std::atomic<bool> begun{false};
    std::atomic<bool> gone{false};
    api.server.route_upload("PUT", "/upload", [&](const Request& request) -> Reply {
        std::vector<std::byte> buffer(1000);
        try {
            while (request.upload->read(buffer) > 0) {
                begun = true;
            }
        } catch (const Error& error) {
            gone = error.kind() == ErrorKind::interrupted;
            throw;
        }
        return {};
    });
    api.server.start();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, api.server.socket_path().c_str());
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // SAFETY: the sockets API wants every address as a sockaddr.
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    base::write_all(fd.get(),
                    "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nthe start",
                    "socket");
    REQUIRE(eventually([&] { return begun.load(); }));
    CHECK_FALSE(gone);
    fd.reset();
    CHECK(eventually([&] { return gone.load(); }));
}

TEST_CASE("a stream is sent as it comes, to its end", "[hvruntime][api]") {
    Api api;
    constexpr std::size_t kPiece = 100'001;
    std::atomic<std::size_t> received{0};
    // Each piece is made when the client has the one before.
    api.server.route("GET", "/count", [&received](const Request&) {
        Reply reply;
        reply.stream = [&received, calls = 0](
                           std::chrono::milliseconds) mutable -> std::optional<std::string> {
            ++calls;
            if (calls % 2 == 0) {
                return "";  // nothing this time
            }
            const std::size_t sent = static_cast<std::size_t>(calls / 2) * kPiece;
            if (calls > 9 || !eventually([&] { return received == sent; })) {
                return std::nullopt;
            }
            return std::to_string(calls) + std::string(kPiece - 1, '.');
        };
        return reply;
    });
    api.server.start();
    base::HttpRequest request = api.request("GET", "/count");
    request.on_body = [&](std::string_view piece) {
        received += piece.size();
        return true;
    };
    const auto response = base::http_call(request);
    CHECK(response.headers.at("content-type") == "application/x-ndjson");
    CHECK(received == 5 * kPiece);
}

TEST_CASE("an error in a stream is its last line", "[hvruntime][api]") {
    Api api;
    api.server.route("GET", "/stream", [](const Request&) {
        Reply reply;
        auto first = std::make_shared<bool>(true);
        reply.stream = [first](std::chrono::milliseconds) -> std::optional<std::string> {
            if (!std::exchange(*first, false)) {
                throw Error(ErrorKind::external, "the source dried up");
            }
            return "{}\n";
        };
        return reply;
    });
    api.server.start();
    const std::string body = api.call("GET", "/stream").body;
    REQUIRE(body.starts_with("{}\n"));
    CHECK(base::parse_json(body.substr(3), "line").at("message") == "the source dried up");
}

TEST_CASE("a stream ends when its client has gone", "[hvruntime][api]") {
    Api api;
    const auto token = std::make_shared<int>(0);
    const std::weak_ptr<int> alive = token;
    api.server.route("GET", "/forever", [kept = std::weak_ptr(token), &api](const Request&) {
        Reply reply;
        const auto held = kept.lock();
        reply.stream = [held, first = true](
                           std::chrono::milliseconds wait) mutable -> std::optional<std::string> {
            if (std::exchange(first, false)) {
                return "x\n";
            }
            std::this_thread::sleep_for(wait);
            return "";  // never a byte that could fail to be sent
        };
        return reply;
    });
    api.server.start();
    base::HttpRequest request = api.request("GET", "/forever");
    request.on_body = [](std::string_view) { return false; };
    base::http_call(request);
    CHECK(eventually([&] { return token.use_count() == 1; }));
}

TEST_CASE("stop ends streams, waits for handlers, and removes the socket", "[hvruntime][api]") {
    Api api;
    std::atomic<int> arrived{0};
    api.server.route("GET", "/slow", [&arrived](const Request&) {
        ++arrived;
        std::this_thread::sleep_for(300ms);  // at work when the server is stopped
        return json_reply({{"done", true}});
    });
    api.server.route("GET", "/forever", [&arrived](const Request&) {
        ++arrived;
        Reply reply;
        reply.stream = [](std::chrono::milliseconds wait) -> std::optional<std::string> {
            std::this_thread::sleep_for(wait);
            return "tick\n";
        };
        return reply;
    });
    api.server.start();
    std::atomic<int> status{0};
    std::atomic<bool> stream_ended{false};
    std::jthread slow(
        [&] { base::guarded("test", [&] { status = api.call("GET", "/slow").status; }); });
    std::jthread stream([&] {
        base::guarded("test", [&] {
            api.call("GET", "/forever");
            stream_ended = true;
        });
    });
    REQUIRE(eventually([&] { return arrived == 2; }));
    api.server.stop();
    slow.join();
    stream.join();
    CHECK(status == 200);
    CHECK(stream_ended);
    CHECK_FALSE(std::filesystem::exists(api.server.socket_path()));
    CHECK_NOTHROW(api.server.stop());
    CHECK(error_of([&] { api.call("GET", "/slow"); }).kind() == ErrorKind::environment);
}

TEST_CASE("the socket is private, and one daemon listens on it", "[hvruntime][api]") {
    Api api;
    api.server.start();
    struct stat info {};
    REQUIRE(::stat(api.server.socket_path().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
    HttpServer second(api.server.socket_path());
    CHECK(error_of([&] { second.start(); }).kind() == ErrorKind::conflict);
    CHECK(api.call("GET", "/x").status == 404);  // the first is undisturbed
    api.server.stop();
    CHECK_NOTHROW(second.start());
}

TEST_CASE("the socket of a killed daemon is replaced, a file of another kind is not",
          "[hvruntime][api]") {
    const base::TempDir dir;
    const auto path = dir.path() / "api.sock";
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, path.c_str());
        const base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        // SAFETY: the sockets API wants every address as a sockaddr.
        REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    REQUIRE(std::filesystem::exists(path));
    HttpServer server(path);
    CHECK_NOTHROW(server.start());
    server.stop();
    base::write_file(path, "precious");
    CHECK(error_of([&] { server.start(); }).kind() == ErrorKind::conflict);
    CHECK(base::read_file(path) == "precious");
    HttpServer deep(dir.path() / std::string(120, 'd'));
    CHECK(error_of([&] { deep.start(); }).kind() == ErrorKind::environment);
}
