// SPDX-License-Identifier: Apache-2.0
// Behaves as QEMU does towards muster, without a guest: takes our command line, opens the control,
// console and guest sockets, answers QMP, ends as QEMU ends. Put into MUSTER_QEMU.
// In its guest channel it is a guest whose application is up: see fake_agent.h.
// What it is told comes from $FAKE_QEMU_DIR/{all,<machine name>,<machine id>}, words separated by
// white space; those marked * are obeyed also when they come while it runs:
//   crash-at-start     says so on stderr and ends with 1
//   hang-at-start      opens nothing and does nothing
//   silent-qmp         opens its sockets but never greets
//   ignore-powerdown*  a guest that does not react to its power button
//   ignore-quit*       a QEMU that does not end on quit
//   poweroff*, panic*  a guest that does so by itself
//   no-agent           a guest without muster-guest
//   never-ready*       a guest whose application does not come up
//   ready-after=MS     … comes up so late
//   set=KEY=VALUE      a further key that the guest sets when it is up
//   no-freeze          a guest agent that cannot freeze file systems
//   freeze-fails       … that says that they cannot be frozen
//   freeze-late        … that has thawed them before it is told to
//   copy-ms=MS*        a copy of a disk takes so long
//   copy-fails*        … and ends with an error
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "hvruntime/qmp/qmp_framer.h"
#include "tests/support/fake_agent.h"
#include "tests/support/fake_block_jobs.h"

namespace {

namespace fs = std::filesystem;
using base::Json;
using Clock = std::chrono::steady_clock;

// "socket,id=qmp,path=/x" to {"": "socket", "id": "qmp", "path": "/x"}; ",," is a comma.
std::map<std::string, std::string> parse_options(const std::string& text) {
    std::map<std::string, std::string> options;
    std::string word;
    const auto take = [&] {
        const std::size_t equals = word.find('=');
        options[equals == std::string::npos ? "" : word.substr(0, equals)] =
            equals == std::string::npos ? word : word.substr(equals + 1);
        word.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == ',' && i + 1 < text.size() && text[i + 1] == ',') {
            word += text[i++];
        } else if (text[i] == ',') {
            take();
        } else {
            word += text[i];
        }
    }
    take();
    return options;
}

struct Setup {
    std::string id;
    std::string name;
    std::map<std::string, std::map<std::string, std::string>> chardevs;  // by id
    std::vector<std::string> datagram_paths;
    std::vector<std::string> blockdevs;
};

Setup parse_arguments(int argc, char** argv) {
    Setup setup;
    for (int i = 1; i + 1 < argc; ++i) {
        const std::string option = argv[i];
        if (option == "-blockdev") {
            setup.blockdevs.emplace_back(argv[i + 1]);
        }
        if (option != "-name" && option != "-chardev" && option != "-netdev") {
            continue;
        }
        std::map<std::string, std::string> values = parse_options(argv[i + 1]);
        if (option == "-name") {
            setup.id = values["guest"];
        } else if (option == "-chardev") {
            setup.chardevs[values["id"]] = values;
        } else {
            setup.datagram_paths.push_back(values["local.path"]);
        }
    }
    const fs::path spec =
        fs::path(setup.chardevs["console"]["logfile"]).parent_path() / "spec.json";
    setup.name = base::require_string(base::parse_json(base::read_file(spec), "spec"), "name");
    return setup;
}

// The words it was told, as a map from word (or what is before '=') to what is behind.
std::map<std::string, std::string> read_orders(const Setup& setup) {
    std::map<std::string, std::string> orders;
    const char* folder = std::getenv("FAKE_QEMU_DIR");
    if (folder == nullptr) {
        return orders;
    }
    for (const std::string& name : {std::string("all"), setup.name, setup.id}) {
        if (!fs::exists(fs::path(folder) / name)) {
            continue;
        }
        std::istringstream words(base::read_file(fs::path(folder) / name));
        for (std::string word; words >> word;) {
            const std::size_t equals = std::min(word.find('='), word.size());
            orders[word.substr(0, equals)] =
                equals < word.size() ? word.substr(equals + 1) : std::string();
        }
    }
    return orders;
}

base::UniqueFd bind_unix(const std::string& path, int type) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    ::unlink(path.c_str());
    base::UniqueFd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    // SAFETY: the socket interface takes every address family as sockaddr.
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        (type == SOCK_STREAM && ::listen(fd.get(), 1) != 0)) {
        throw base::SystemError(errno, "cannot listen on '" + path + "'");
    }
    return fd;
}

// A listening chardev that serves one client at a time, as QEMU's does.
struct Chardev {
    std::string path;
    base::UniqueFd listener;
    base::UniqueFd client;

    explicit Chardev(const std::string& socket_path)
        : path(socket_path), listener(bind_unix(socket_path, SOCK_STREAM)) {}
    pollfd poll_entry() const { return {client ? client.get() : listener.get(), POLLIN, 0}; }
    void send(const std::string& text) {
        if (client && ::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) {
            client.reset();
        }
    }
    // What the client said; accepts it first when there is none. True in `fresh` then.
    std::string serve(bool& fresh) {
        fresh = !client;
        if (fresh) {
            client.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            return "";
        }
        std::array<char, 65536> buffer{};
        const ssize_t got = ::recv(client.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            client.reset();
            return "";
        }
        return {buffer.data(), static_cast<std::size_t>(got)};
    }
};

class FakeQemu {
  public:
    explicit FakeQemu(Setup setup)
        : setup_(std::move(setup)),
          orders_(read_orders(setup_)),
          qmp_(setup_.chardevs["qmp"]["path"]),
          console_(setup_.chardevs["console"]["path"]),
          guest_(setup_.chardevs["guest"]["path"]),
          agent_(orders_),
          log_(base::open_file(setup_.chardevs["console"]["logfile"], O_WRONLY | O_CREAT | O_APPEND,
                               0600)) {
        for (const std::string& blockdev : setup_.blockdevs) {
            disks_.add_argument(blockdev);
        }
        for (const std::string& path : setup_.datagram_paths) {
            nics_.push_back(bind_unix(path, SOCK_DGRAM));
        }
        sigset_t signals;
        ::sigemptyset(&signals);
        ::sigaddset(&signals, SIGTERM);
        ::sigprocmask(SIG_BLOCK, &signals, nullptr);
        signals_.reset(::signalfd(-1, &signals, SFD_CLOEXEC));
        if (const auto after = orders_.find("ready-after"); after != orders_.end()) {
            ready_at_ += std::chrono::milliseconds(std::stol(after->second));
        }
        say("fake guest of " + setup_.name + " booted\r\n");
    }

    int run() {
        while (!status_) {
            std::array<pollfd, 4> entries{qmp_.poll_entry(),
                                          console_.poll_entry(),
                                          guest_.poll_entry(),
                                          {signals_.get(), POLLIN, 0}};
            if (orders_.contains("silent-qmp")) {
                entries[0].fd = -1;
            }
            ::poll(entries.data(), entries.size(), 10);
            bool fresh = false;
            if (entries[0].revents != 0) {
                serve_qmp();
            }
            if (entries[1].revents != 0) {
                say(console_.serve(fresh));  // a guest that echoes
            }
            if (entries[2].revents != 0) {
                serve_guest();
            }
            if (entries[3].revents != 0) {
                shut_down(false, "host-signal", 0);
            }
            act();
        }
        close_sockets();
        return *status_;
    }

  private:
    void say(const std::string& text) {
        base::write_all(log_.get(), std::string_view(text), "console log");
        console_.send(text);
    }

    void serve_guest() {
        bool fresh = false;
        const std::string text = guest_.serve(fresh);
        if (fresh) {
            agent_.connected();
        }
        agent_.receive(text);
    }

    // Once per round: orders that came meanwhile, and what the guest does by itself.
    void act() {
        const std::map<std::string, std::string> orders = read_orders(setup_);
        if (orders.contains("poweroff")) {
            shut_down(true, "guest-shutdown", 0);
        } else if (orders.contains("panic")) {
            send_event("GUEST_PANICKED", Json{{"action", "shutdown"}});
            shut_down(true, "guest-panic", 1);
        }
        if (!orders.contains("never-ready") && Clock::now() >= ready_at_) {
            agent_.application_is_up();
        }
        if (guest_.client) {
            guest_.send(agent_.take_output());
        }
    }

    void serve_qmp() {
        bool fresh = false;
        const std::string text = qmp_.serve(fresh);
        if (fresh) {
            framer_ = {};
            send_json(
                Json{{"QMP", Json{{"version", Json::object()}, {"capabilities", Json::array()}}}});
        }
        framer_.feed(text);
        while (const std::optional<Json> message = framer_.next()) {
            execute(*message);
        }
    }

    void execute(const Json& message) {
        const std::string command = base::require_string(message, "execute");
        Json reply{{"return", Json::object()}, {"id", message.value("id", Json())}};
        if (command == "query-status") {
            reply["return"] = Json{{"status", paused_ ? "paused" : "running"},
                                   {"singlestep", false},
                                   {"running", !paused_}};
        } else if (command != "qmp_capabilities" && command != "quit" && command != "stop" &&
                   command != "cont" && command != "system_powerdown") {
            answer_of_disks(message, command, reply);
        }
        send_json(reply);
        if (command == "stop" || command == "cont") {
            paused_ = command == "stop";
            send_event(paused_ ? "STOP" : "RESUME", Json::object());
        } else if (command == "quit" && !read_orders(setup_).contains("ignore-quit")) {
            shut_down(false, "host-qmp-quit", 0);
        } else if (command == "system_powerdown") {
            send_event("POWERDOWN", Json::object());
            if (!paused_ && !read_orders(setup_).contains("ignore-powerdown")) {
                shut_down(true, "guest-shutdown", 0);
            }
        }
    }

    void answer_of_disks(const Json& message, const std::string& command, Json& reply) {
        Json error{{"class", "CommandNotFound"},
                   {"desc", "The command " + command + " has not been found"}};
        try {
            if (const auto value = disks_.execute(
                    command, message.value("arguments", Json::object()), read_orders(setup_))) {
                reply["return"] = *value;
                return;
            }
        } catch (const base::Error& refusal) {
            error = Json{{"class", "GenericError"}, {"desc", refusal.message()}};
        }
        reply = Json{{"error", error}, {"id", message.value("id", Json())}};
    }

    void send_json(const Json& json) { qmp_.send(base::to_json_text(json) + "\r\n"); }

    void send_event(const std::string& name, const Json& data) {
        send_json(Json{{"timestamp", Json{{"seconds", 0}, {"microseconds", 0}}},
                       {"event", name},
                       {"data", data}});
    }

    void shut_down(bool by_guest, const std::string& reason, int status) {
        send_event("SHUTDOWN", Json{{"guest", by_guest}, {"reason", reason}});
        status_ = status;
    }

    // QEMU removes what it listened on.
    void close_sockets() {
        for (const Chardev* chardev : {&qmp_, &console_, &guest_}) {
            ::unlink(chardev->path.c_str());
        }
    }

    Setup setup_;
    std::map<std::string, std::string> orders_;
    Clock::time_point ready_at_ = Clock::now();
    Chardev qmp_;
    Chardev console_;
    Chardev guest_;
    tests::FakeAgent agent_;
    tests::FakeBlockJobs disks_;
    base::UniqueFd log_;
    std::vector<base::UniqueFd> nics_;
    base::UniqueFd signals_;
    hvruntime::QmpFramer framer_;
    bool paused_ = false;
    std::optional<int> status_;
};

}  // namespace

int main(int argc, char** argv) {
    try {
        Setup setup = parse_arguments(argc, argv);
        const std::map<std::string, std::string> orders = read_orders(setup);
        if (orders.contains("crash-at-start")) {
            std::fputs("fake_qemu: told to crash\n", stderr);
            return 1;
        }
        if (orders.contains("hang-at-start")) {
            ::pause();
        }
        return FakeQemu(std::move(setup)).run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fake_qemu: %s\n", error.what());
        return 1;
    }
}
