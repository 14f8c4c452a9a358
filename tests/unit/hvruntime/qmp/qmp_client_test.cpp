// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/qmp/qmp_client.h"

#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <thread>

#include "hvruntime/qmp/qmp_framer.h"
#include "tests/support/catch.h"

using base::ErrorKind;
using base::Json;
using hvruntime::QmpClient;
using namespace std::chrono_literals;  // NOLINT: a test file

namespace {

// The other end: greets, then answers what `answer` makes of each command; "" answers nothing.
class Peer {
  public:
    using Answer = std::function<std::string(const Json&)>;

    explicit Peer(Answer answer, const std::string& greeting = "{\"QMP\": {}}\r\n") {
        std::array<int, 2> pair{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
        client_.reset(pair[0]);
        server_.reset(pair[1]);
        send(greeting);
        thread_ = std::jthread([this, answer] { serve(answer); });
    }
    ~Peer() { ::shutdown(server_.get(), SHUT_RDWR); }
    base::UniqueFd client() { return std::move(client_); }
    void send(const std::string& text) {
        ::send(server_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    }
    void hang_up() { ::shutdown(server_.get(), SHUT_RDWR); }

  private:
    void serve(const Answer& answer) {
        hvruntime::QmpFramer framer;
        std::array<char, 1000> buffer{};
        while (true) {
            const ssize_t got = ::recv(server_.get(), buffer.data(), buffer.size(), 0);
            if (got <= 0) {
                return;
            }
            framer.feed(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
            while (const auto message = framer.next()) {
                send(answer(*message));
            }
        }
    }
    base::UniqueFd client_;
    base::UniqueFd server_;
    std::jthread thread_;
};

std::string reply(const Json& command, const Json& value) {
    return base::to_json_text(Json{{"return", value}, {"id", command.at("id")}}) + "\n";
}

std::string echo(const Json& command) {
    return reply(command, Json{{"did", command.at("execute")},
                               {"with", command.value("arguments", Json())}});
}

}  // namespace

TEST_CASE("a command gets its own reply, between events and foreign replies", "[hvruntime][qmp]") {
    Peer peer([](const Json& command) {
        return "{\"event\": \"A\", \"data\": {\"n\": 1}}\n{\"return\": 5, \"id\": 999}\n"
               "{\"return\": 6}\n" +
               echo(command) + "{\"event\": \"B\"}\n";
    });
    QmpClient client(peer.client(), 30s);
    const Json result = client.execute("do-it", Json{{"x", 1}}, 30s);
    CHECK(result["did"] == "do-it");
    CHECK(result["with"]["x"] == 1);
    CHECK(client.wait_event(30s).value().name == "A");  // of qmp_capabilities
    CHECK(client.wait_event(30s).value().name == "B");
    const auto event = client.wait_event(30s).value();
    CHECK(event.name == "A");
    CHECK(event.data["n"] == 1);
}

TEST_CASE("commands of many threads do not get mixed up", "[hvruntime][qmp]") {
    Peer peer(echo);
    QmpClient client(peer.client(), 30s);
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 50; ++i) {
                    const std::string name = std::to_string(t) + "-" + std::to_string(i);
                    if (client.execute(name, 10s)["did"] != name) {
                        ++wrong;
                    }
                }
            });
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a refused command tells QEMU's reason", "[hvruntime][qmp]") {
    Peer peer([](const Json& command) {
        if (command.at("execute") == "qmp_capabilities") {
            return echo(command);
        }
        return base::to_json_text(Json{{"error", Json{{"class", "GenericError"}, {"desc", "no"}}},
                                       {"id", command.at("id")}}) +
               "\n";
    });
    QmpClient client(peer.client(), 30s);
    const auto error = tests::error_of([&] { client.execute("eject", 30s); });
    CHECK(error.kind() == ErrorKind::external);
    CHECK(error.message() == "QEMU refused 'eject': no");
}

TEST_CASE("no reply is a timeout, and the late reply does not answer the next command",
          "[hvruntime][qmp]") {
    std::string held;
    Peer peer([&](const Json& command) -> std::string {
        if (command.at("execute") == "slow") {
            held = echo(command);
            return "";
        }
        return std::exchange(held, "") + echo(command);
    });
    QmpClient client(peer.client(), 30s);
    const auto error = tests::error_of([&] { client.execute("slow", 50ms); });
    CHECK(error.kind() == ErrorKind::timeout);
    CHECK(client.execute("next", 30s)["did"] == "next");
}

TEST_CASE("no greeting is a timeout, a closed connection is an error", "[hvruntime][qmp]") {
    Peer silent(echo, "");
    CHECK(tests::error_of([&] { QmpClient client(silent.client(), 50ms); }).kind() ==
          ErrorKind::timeout);
    Peer closing(echo, "");
    closing.hang_up();
    CHECK(tests::error_of([&] { QmpClient client(closing.client(), 30s); }).kind() ==
          ErrorKind::external);
}

TEST_CASE("a connection lost while waiting fails the command at once", "[hvruntime][qmp]") {
    Peer* self = nullptr;
    Peer peer([&](const Json& command) -> std::string {
        if (command.at("execute") == "die") {
            self->hang_up();
            return "";
        }
        return echo(command);
    });
    self = &peer;
    QmpClient client(peer.client(), 30s);
    const auto started = std::chrono::steady_clock::now();
    CHECK(tests::error_of([&] { client.execute("die", 60s); }).kind() == ErrorKind::external);
    CHECK(std::chrono::steady_clock::now() - started < 20s);
    CHECK(client.closed());
    CHECK_FALSE(client.wait_event(60s));
    CHECK(tests::error_of([&] { client.execute("more", 30s); }).kind() == ErrorKind::external);
}

TEST_CASE("events go to the callback when there is one", "[hvruntime][qmp]") {
    std::atomic<int> seen = 0;
    Peer peer([](const Json& command) { return "{\"event\": \"X\"}\n" + echo(command); });
    QmpClient client(peer.client(), 30s, [&](const hvruntime::QmpEvent&) { ++seen; });
    client.execute("a", 30s);
    CHECK(seen == 2);
}

TEST_CASE("a peer that talks garbage closes the connection", "[hvruntime][qmp]") {
    Peer peer(echo);
    QmpClient client(peer.client(), 30s);
    peer.send("garbage\n");
    CHECK_FALSE(client.wait_event(30s));
    CHECK(client.closed());
}
