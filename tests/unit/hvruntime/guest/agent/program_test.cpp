// SPDX-License-Identifier: Apache-2.0
// The program itself: its daemon and verbs as processes, the host's GuestChannels at the other end,
// and between them what QEMU would be: a relay of two unix sockets.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <array>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>

#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "hvruntime/guest/guest_channels.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace {

using namespace hvruntime;
using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

base::UniqueFd listen_on(const std::string& path) {
    base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    // SAFETY: the socket API takes every address type through sockaddr.
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(::listen(fd.get(), 4) == 0);
    return fd;
}

// Carries bytes between the newest client of each socket; when one goes, both are cut.
class Relay {
  public:
    Relay(const std::string& host_path, const std::string& guest_path)
        : listeners_{listen_on(host_path), listen_on(guest_path)},
          thread_([this](const std::stop_token& stop) { run(stop); }) {}

  private:
    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::array<pollfd, 4> polls{};
            for (std::size_t i = 0; i < 2; ++i) {
                polls.at(i) = {clients_.at(i) ? -1 : listeners_.at(i).get(), POLLIN, 0};
                const bool both = clients_[0] && clients_[1];
                polls.at(2 + i) = {both ? clients_.at(i).get() : -1, POLLIN, 0};
            }
            ::poll(polls.data(), polls.size(), 20);
            for (std::size_t i = 0; i < 2; ++i) {
                if (polls.at(i).revents != 0) {
                    clients_.at(i).reset(
                        ::accept4(listeners_.at(i).get(), nullptr, nullptr, SOCK_CLOEXEC));
                }
                if (polls.at(2 + i).revents != 0 && clients_[0] && clients_[1]) {
                    carry(i);
                }
            }
        }
    }
    void carry(std::size_t from) {
        std::array<char, 65536> buffer;
        const ssize_t got = ::recv(clients_.at(from).get(), buffer.data(), buffer.size(), 0);
        const ssize_t sent = got <= 0 ? -1
                                      : ::send(clients_.at(1 - from).get(), buffer.data(),
                                               static_cast<std::size_t>(got), MSG_NOSIGNAL);
        if (sent != got) {
            clients_[0].reset();
            clients_[1].reset();
        }
    }

    std::array<base::UniqueFd, 2> listeners_;
    std::array<base::UniqueFd, 2> clients_;
    std::jthread thread_;
};

struct Fixture {
    base::TempDir dir;
    std::string root = dir.path() / "root";
    std::string host_socket = dir.path() / "host.sock";
    std::string port = dir.path() / "port.sock";
    Relay relay{host_socket, port};
    NoKeyStore store;
    const std::string program = std::string(MUSTER_BINARY_DIR) + "/bin/muster-guest";

    base::Process start_daemon() {
        return base::Process({.argv = {program, "daemon", "--root", root, "--port", port},
                              .stderr_fd = STDERR_FILENO});
    }
    base::RunResult guest(std::vector<std::string> words) {
        words.insert(words.begin(), program);
        words.insert(words.end(), {"--root", root});
        return base::run({.argv = words, .timeout = kPatience});
    }
};

TEST_CASE_METHOD(Fixture, "the guest's program and the host exchange keys and events",
                 "[hvruntime][guest]") {
    base::make_dirs(root);
    // Before any daemon runs: kept, and found later.
    REQUIRE(guest({"set", "early", "bird"}).status == 0);
    REQUIRE(guest({"event", "early event"}).status == 0);
    CHECK(guest({"get", "early"}).status == 3);
    const std::string hooks = root + "/etc/muster/change.d";
    base::make_dirs(hooks);
    base::write_file(hooks + "/10-note",
                     "#!/bin/sh\necho \"$1\" >> " + (dir.path() / "changes").string() + "\n", 0755);

    std::mutex mutex;
    std::string events;
    GuestListener listener;
    listener.on_event = [&](const std::string&, const GuestEvent& event) {
        const std::lock_guard lock(mutex);
        events += event.text + ";";
    };
    GuestChannels channels(store, listener);
    channels.attach("m", host_socket);
    channels.set("m", "title", "one");
    std::optional<base::Process> daemon(start_daemon());
    CHECK(channels.wait("m", "early", "bird", kPatience).owner == Side::guest);
    CHECK_FALSE(channels.wait("m", "muster.boot.id", std::nullopt, kPatience).value.empty());
    CHECK(guest({"wait", "title", "one", "--timeout", "20"}).out == "one\n");
    REQUIRE(guest({"set", "a", "1", "b", "two words"}).status == 0);
    CHECK(channels.wait("m", "b", "two words", kPatience).value == "two words");
    CHECK(guest({"list", "b"}).out == "b=two words\n");
    CHECK(guest({"wait", "never", "--timeout", "1"}).status == 8);
    CHECK(guest({"set", "bad key", "x"}).status == 4);
    CHECK(guest({"set", "odd"}).status == 2);
    channels.wait_settled("m", kPatience);
    CHECK(tests::eventually([&] {
        const std::lock_guard lock(mutex);
        return events == "early event;";
    }));

    // Killed and started again: what was set meanwhile and before is there.
    daemon.reset();
    REQUIRE(guest({"set", "meanwhile", "1"}).status == 0);
    channels.set("m", "title", "two");
    CHECK(guest({"get", "a"}).out == "1\n");  // from /run
    daemon.emplace(start_daemon());
    CHECK(channels.wait("m", "meanwhile", "1", kPatience).value == "1");
    CHECK(channels.get("m", "a")->value == "1");
    CHECK(guest({"wait", "title", "two", "--timeout", "20"}).out == "two\n");
    REQUIRE(guest({"delete", "a"}).status == 0);
    CHECK(tests::eventually([&] { return !channels.get("m", "a"); }));
    CHECK(daemon->stop(kPatience) == 0);
    CHECK_FALSE(std::filesystem::exists(root + "/run/muster-guest/sock"));
    CHECK(tests::eventually([&] {
        return std::filesystem::exists(dir.path() / "changes") &&
               base::read_file(dir.path() / "changes").starts_with("title\n");
    }));
}

TEST_CASE_METHOD(Fixture, "properties answer before and below the channel", "[hvruntime][guest]") {
    base::make_dirs(root + "/run/muster-guest");
    base::write_file(root + "/run/muster-guest/properties.json", R"({"title":"from ovf"})");
    CHECK(guest({"get", "title"}).out == "from ovf\n");
    CHECK(guest({"wait", "title", "--timeout", "5"}).out == "from ovf\n");
    GuestChannels channels(store);
    channels.attach("m", host_socket);
    const base::Process daemon = start_daemon();
    channels.wait("m", "muster.guest.version", std::nullopt, kPatience);
    CHECK(guest({"get", "title"}).out == "from ovf\n");
    channels.set("m", "title", "from host");
    CHECK(guest({"wait", "title", "from host", "--timeout", "20"}).status == 0);
    CHECK(guest({"get", "title"}).out == "from host\n");
}

TEST_CASE_METHOD(Fixture,
                 "a key that the host changes makes its file new and restarts its unit once",
                 "[hvruntime][guest][config]") {
    base::make_dirs(root + "/run/muster-guest");
    base::write_file(root + "/run/muster-guest/properties.json", R"({"http.port":"8080"})");
    base::make_dirs(root + "/etc/muster/config.d");
    base::write_file(root + "/etc/muster/config.d/web.json", R"({"version":1,
        "keys":{"http.port":{"type":"port","default":80},"title":{"default":"T"}},
        "files":[{"path":"/etc/site.conf","template":"${http.port} ${title}","restart":["web"]}]})");
    base::make_dirs(root + "/usr/bin");
    const std::string calls = dir.path() / "calls";
    base::write_file(root + "/usr/bin/systemctl", "#!/bin/sh\necho \"$@\" >>" + calls + "\n", 0755);
    const auto site = [&] { return base::read_file(root + "/etc/site.conf"); };
    const auto is = [&](const std::string& text) {
        return tests::eventually([&] { return site() == text; });
    };
    REQUIRE(guest({"config", "apply"}).status == 0);
    CHECK(site() == "8080 T");
    std::filesystem::remove(calls);

    GuestChannels channels(store);
    channels.attach("m", host_socket);
    const base::Process daemon = start_daemon();
    channels.wait("m", "muster.guest.version", std::nullopt, kPatience);
    channels.set("m", std::vector<KeyWrite>{{.key = "http.port", .value = "81"},
                                            {.key = "title", .value = "U"}});
    CHECK(is("81 U"));
    CHECK(tests::eventually([&] {
        return std::filesystem::exists(calls) &&
               base::read_file(calls) == "try-restart -- web.service\n";
    }));

    // A bad value is refused, visible to the host, and forgotten when a good one comes.
    channels.set("m", "http.port", "99999");
    CHECK(channels.wait("m", "muster.config.error", std::nullopt, kPatience).value ==
          "the value of 'http.port' is not a port (1 to 65535)");
    CHECK(site() == "81 U");
    channels.set("m", "http.port", "82");
    CHECK(is("82 U"));
    CHECK(tests::eventually([&] { return !channels.get("m", "muster.config.error"); }));

    // What the guest sets itself is checked at once.
    const base::RunResult refused = guest({"set", "http.port", "many"});
    CHECK(refused.status == 4);
    CHECK(refused.err.find("is not a port") != std::string::npos);
    REQUIRE(guest({"set", "title", "V"}).status == 0);
    CHECK(is("82 V"));
    REQUIRE(guest({"delete", "title"}).status == 0);  // theirs counts again
    CHECK(guest({"config", "show"}).out.find("http.port  port      host     82\n") == 0);
    CHECK(guest({"config", "check"}).status == 0);
    CHECK(guest({"config", "mend"}).status == 2);

    // A service that does not come back is told too.
    base::write_file(root + "/usr/bin/systemctl", "#!/bin/sh\nexit 1\n", 0755);
    channels.set("m", "title", "W");
    CHECK(channels.wait("m", "muster.config.error", std::nullopt, kPatience)
              .value.find("failed with exit code 1") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "the host has the file systems stand still, and changes wait meanwhile",
                 "[hvruntime][guest][freeze]") {
    // In the place of the program that asks the kernel: it takes its orders from a file.
    base::make_dirs(root + "/usr/sbin");
    const std::string orders = dir.path() / "orders";
    const auto order = [&](const std::string& script) {
        base::write_file(orders, script);
        base::write_file(root + "/usr/sbin/muster-guest", "#!/bin/sh\n. " + orders + "\n", 0755);
    };
    const std::string hooks = root + "/etc/muster/change.d";
    const std::string changes = dir.path() / "changes";
    base::make_dirs(hooks);
    base::write_file(hooks + "/10-note", "#!/bin/sh\necho \"$1\" >>" + changes + "\n", 0755);
    const auto changed = [&](const std::string& text) {
        return std::filesystem::exists(changes) && base::read_file(changes) == text;
    };
    GuestChannels channels(store);
    channels.attach("m", host_socket);
    std::optional<base::Process> daemon(start_daemon());
    channels.wait("m", "muster.guest.version", std::nullopt, kPatience);

    order("echo \"$@\" >" + orders + ".args; echo frozen 2; cat; echo thawed 2");
    FrozenGuest frozen = channels.freeze("m", 5s, kPatience);
    CHECK(frozen.file_systems == 2);
    CHECK(base::read_file(orders + ".args") == "freeze --timeout 5\n");
    channels.set("m", "title", "one");
    channels.wait_settled("m", kPatience);
    CHECK(guest({"get", "title"}).out == "one\n");
    CHECK(tests::error_of([&] { channels.freeze("m", 5s, kPatience); }).message() ==
          "its guest agent says: they are frozen already");
    CHECK_FALSE(std::filesystem::exists(changes));
    channels.thaw("m", frozen.id, kPatience);
    CHECK(tests::eventually([&] { return changed("title\n"); }));

    frozen = channels.freeze("m", 5s, kPatience);
    CHECK(channels.thaw("m", frozen.id, kPatience));
    order("echo frozen 1; echo late 1");
    frozen = channels.freeze("m", 5s, kPatience);
    CHECK_FALSE(channels.thaw("m", frozen.id, kPatience));
    order("echo frozen 1; kill -9 $$");
    frozen = channels.freeze("m", 5s, kPatience);
    CHECK_FALSE(channels.thaw("m", frozen.id, kPatience));
    order("echo \"error freezing '/': it is broken\"; exit 6");
    CHECK(tests::error_of([&] { channels.freeze("m", 5s, kPatience); }).message() ==
          "its guest agent says: freezing '/': it is broken");
    order("exit 1");
    CHECK(tests::error_of([&] { channels.freeze("m", 5s, kPatience); }).message() ==
          "its guest agent says: the program that freezes has ended");
    std::filesystem::remove(root + "/usr/sbin/muster-guest");
    CHECK(tests::error_of([&] { channels.freeze("m", 5s, kPatience); }).kind() ==
          base::ErrorKind::external);

    // A daemon that ends thaws first; one that is killed leaves that to the program.
    const std::string thawed = dir.path() / "thawed";
    order("trap '' TERM; echo frozen 1; cat; echo done >>" + thawed);
    channels.freeze("m", 5s, kPatience);
    CHECK(daemon->stop(kPatience) == 0);
    CHECK(base::read_file(thawed) == "done\n");
    daemon.emplace(start_daemon());
    REQUIRE(tests::eventually([&] { return channels.why_not_freeze("m").empty(); }));
    REQUIRE(tests::eventually([&] {
        try {
            channels.freeze("m", 5s, 5s);
            return true;
        } catch (const base::Error&) {
            return false;  // the session of the daemon before
        }
    }));
    ::kill(daemon->pid(), SIGKILL);
    daemon->wait(kPatience);
    CHECK(tests::eventually([&] { return base::read_file(thawed) == "done\ndone\n"; }));
}

TEST_CASE_METHOD(Fixture, "only a running machine's file systems are frozen",
                 "[hvruntime][guest][freeze]") {
    base::make_dirs(root);
    CHECK(guest({"freeze", "--timeout", "1"}).status == 2);
    CHECK(guest({"freeze", "now"}).status == 2);
}

}  // namespace
