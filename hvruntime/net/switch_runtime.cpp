// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/switch_runtime.h"

#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "hvruntime/net/switch_client.h"
#include "hvruntime/net/switch_scan.h"

namespace hvruntime {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;
using std::chrono::milliseconds;

constexpr auto kAnswerTimeout = std::chrono::seconds(10);
constexpr auto kStopGrace = std::chrono::seconds(5);
constexpr std::string_view kVerb = "switch";
// One for all networks, because a lock's file must stay when a network goes.
constexpr const char* kLockName = "networks/.lock";

std::string tail_of(const fs::path& log) {
    try {
        const std::string text = base::read_file(log);
        return text.substr(text.size() - std::min<std::size_t>(text.size(), 2000));
    } catch (const Error&) {
        return "";
    }
}

std::string mac_digits(std::string_view mac) {
    std::string digits;
    for (const char c : mac) {
        if (c != ':') {
            digits += c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
        }
    }
    return digits;
}

}  // namespace

struct SwitchRuntime::Paths {
    fs::path data;  // data_dir/networks/ID
    fs::path run;   // run_dir/ID
    fs::path spec() const { return data / "spec.json"; }
    fs::path state() const { return data / "state.json"; }
    fs::path log() const { return data / "log"; }
    fs::path control() const { return run / "ctl"; }
};

SwitchRuntime::SwitchRuntime(SwitchRuntimeOptions options) : options_(std::move(options)) {
    options_.data_dir = fs::absolute(options_.data_dir).lexically_normal();
    options_.run_dir = fs::absolute(options_.run_dir).lexically_normal();
    if (options_.executable.empty()) {
        // The name is for people who look at ps; after an upgrade of the file only the link works.
        const fs::path link = "/proc/self/exe";
        const fs::path named = fs::read_symlink(link);
        options_.executable = fs::exists(named) ? named : link;
    }
    base::make_dirs(options_.data_dir / "networks", 0700);
    base::make_dirs(options_.run_dir, 0700);
}

SwitchRuntime::Paths SwitchRuntime::paths_of(std::string_view id) const {
    const bool plain = !id.empty() && id.size() <= 32 && id.find('/') == std::string_view::npos &&
                       id.front() != '.' && id.front() != '-';
    if (!plain) {
        throw Error(ErrorKind::invalid_input, fmt::format("'{}' is not a network id", id));
    }
    const fs::path networks = options_.data_dir / "networks";
    return {.data = networks / id, .run = options_.run_dir / id};
}

PortSockets SwitchRuntime::port_sockets(std::string_view id, std::string_view mac) const {
    const fs::path base = paths_of(id).run / mac_digits(mac);
    return {.switch_socket = base.string() + ".s", .machine_socket = base.string() + ".q"};
}

fs::path SwitchRuntime::log_path(std::string_view id) const {
    return paths_of(id).log();
}

SwitchSpec SwitchRuntime::start(SwitchSpec spec) {
    validate_switch_spec(spec);
    const Paths paths = paths_of(spec.id);
    spec.control_socket = paths.control().string();
    for (SwitchPort& port : spec.ports) {
        const PortSockets sockets = port_sockets(spec.id, port.mac);
        port.switch_socket =
            port.switch_socket.empty() ? sockets.switch_socket : port.switch_socket;
        port.machine_socket =
            port.machine_socket.empty() ? sockets.machine_socket : port.machine_socket;
    }
    const base::FileLock lock(options_.data_dir / kLockName);
    const std::optional<SwitchStatus> before = find(spec.id);
    if (before && before->running && before->spec == spec) {
        return spec;
    }
    const bool is_new = !before;
    end_process(paths);
    base::make_dirs(paths.data, 0700);
    base::write_file(paths.spec(), base::to_json_text(to_json(spec), 2) + "\n", 0600);
    try {
        launch(spec, paths);
    } catch (...) {
        // A new network leaves nothing; of an old one, the spec that was there is right again.
        base::guarded("network", [&] {
            end_process(paths);
            if (is_new) {
                remove_files(paths);
            } else {
                base::write_file(paths.spec(), base::to_json_text(to_json(before->spec), 2) + "\n",
                                 0600);
                launch(before->spec, paths);
            }
        });
        throw;
    }
    return spec;
}

// Beyond this point the spec is written and no process runs for it.
void SwitchRuntime::launch(const SwitchSpec& spec, const Paths& paths) {
    base::make_dirs(paths.run, 0700);
    base::Command command;
    command.argv = {options_.executable.string(), std::string(kVerb), paths.spec().string()};
    const base::ProcessId process = base::spawn_detached(command, paths.log());
    {
        const std::lock_guard guard(mutex_);
        children_.push_back(process.pid);
    }
    const auto deadline = std::chrono::steady_clock::now() + options_.start_timeout;
    while (true) {
        try {
            call_switch(paths.control().string(), Json{{"op", "status"}}, kAnswerTimeout);
            return;
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::not_found) {
                throw;
            }
        }
        if (base::wait_gone(process, milliseconds(10))) {
            throw base::CommandError(
                command.to_string(), 1, tail_of(paths.log()),
                fmt::format("the switch of network '{}' ended at once", spec.name));
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw Error(ErrorKind::timeout,
                        fmt::format("the switch of network '{}' does not come up", spec.name),
                        fmt::format("its log is '{}'", paths.log().string()));
        }
    }
}

void SwitchRuntime::end_process(const Paths& paths) {
    for (const SwitchProcess& found :
         find_switch_processes(options_.data_dir / "networks", kVerb)) {
        if (found.spec_path == paths.spec()) {
            base::stop_process(found.process, kStopGrace);
        }
    }
}

void SwitchRuntime::remove_files(const Paths& paths) {
    base::remove_all(paths.run);
    base::remove_all(paths.data);
}

void SwitchRuntime::reap_children() {
    const std::lock_guard guard(mutex_);
    std::erase_if(children_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

void SwitchRuntime::stop(std::string_view id) {
    const Paths paths = paths_of(id);
    const base::FileLock lock(options_.data_dir / kLockName);
    end_process(paths);
    remove_files(paths);
}

Json SwitchRuntime::call(std::string_view id, Json request, milliseconds timeout) {
    return call_switch(paths_of(id).control().string(), std::move(request), timeout);
}

std::optional<SwitchStatus> SwitchRuntime::find(std::string_view id) {
    const Paths paths = paths_of(id);
    if (!fs::exists(paths.spec())) {
        return std::nullopt;
    }
    SwitchStatus status{.spec = read_switch_spec(paths.spec().string()), .log_path = paths.log()};
    Json answer;
    try {
        answer = call(id, Json{{"op", "status"}}, kAnswerTimeout);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) {
            throw;
        }
        status.published = read_published_ports(paths.state());
        return status;  // it does not run, or hangs: running stays false
    }
    status.running = true;
    status.process = {.pid = answer.value("pid", -1),
                      .start_time = answer.value("start_time", std::uint64_t{0})};
    status.counters = answer["counters"];
    for (const Json& entry : answer["published"]) {
        if (!entry.value("transient", false)) {
            status.published.push_back(parse_published_port(entry));
        }
    }
    return status;
}

SwitchStatus SwitchRuntime::require(std::string_view id) {
    std::optional<SwitchStatus> status = find(id);
    if (!status) {
        throw Error(ErrorKind::not_found, fmt::format("there is no network '{}'", id));
    }
    return std::move(*status);
}

std::vector<SwitchStatus> SwitchRuntime::list() {
    std::set<std::string> ids;
    for (const auto& entry : fs::directory_iterator(options_.data_dir / "networks")) {
        if (entry.is_directory()) {
            ids.insert(entry.path().filename().string());
        }
    }
    std::vector<SwitchStatus> all;
    for (const std::string& id : ids) {
        if (std::optional<SwitchStatus> status = find(id)) {
            all.push_back(std::move(*status));
        }
    }
    return all;
}

SwitchAdoption SwitchRuntime::adopt_one(const std::string& id) {
    const Paths paths = paths_of(id);
    const base::FileLock lock(options_.data_dir / kLockName);
    if (!fs::exists(paths.spec())) {  // the daemon died between making the folder and the spec
        end_process(paths);
        remove_files(paths);
        return {.id = id, .outcome = AdoptOutcome::ended};
    }
    const SwitchStatus status = require(id);
    if (status.running) {
        return {.id = id, .outcome = AdoptOutcome::adopted};
    }
    end_process(paths);  // one that hangs
    launch(status.spec, paths);
    return {.id = id, .outcome = AdoptOutcome::restarted};
}

std::vector<SwitchAdoption> SwitchRuntime::adopt() {
    reap_children();
    const fs::path networks = options_.data_dir / "networks";
    std::set<std::string> ids;
    for (const auto& entry : fs::directory_iterator(networks)) {
        if (entry.is_directory()) {
            ids.insert(entry.path().filename().string());
        }
    }
    std::vector<SwitchAdoption> adoptions;
    for (const std::string& id : ids) {
        try {
            adoptions.push_back(adopt_one(id));
        } catch (const Error& error) {  // one broken network must not keep the others down
            if (error.kind() == ErrorKind::interrupted) {
                throw;
            }
            adoptions.push_back(
                {.id = id, .outcome = AdoptOutcome::failed, .error = error.message()});
        }
    }
    end_strays(adoptions);
    return adoptions;
}

// Processes whose network was removed.
void SwitchRuntime::end_strays(std::vector<SwitchAdoption>& adoptions) {
    const fs::path networks = options_.data_dir / "networks";
    for (const SwitchProcess& found : find_switch_processes(networks, kVerb)) {
        if (!fs::exists(found.spec_path)) {
            base::stop_process(found.process, kStopGrace);
            const std::string id = found.spec_path.parent_path().filename().string();
            base::remove_all(options_.run_dir / id);
            adoptions.push_back({.id = id, .outcome = AdoptOutcome::ended});
        }
    }
}

std::uint16_t SwitchRuntime::publish(std::string_view id, const PublishedPort& port) {
    Json request = to_json(port);
    request["op"] = "publish";
    return require_port(call(id, std::move(request), kAnswerTimeout), "host_port");
}

void SwitchRuntime::unpublish(std::string_view id, std::string_view host_address,
                              std::uint16_t host_port) {
    call(id, Json{{"op", "unpublish"}, {"host_address", host_address}, {"host_port", host_port}},
         kAnswerTimeout);
}

TcpPortState SwitchRuntime::probe_tcp(std::string_view id, std::string_view ip, std::uint16_t port,
                                      milliseconds timeout) {
    const Json answer = call(
        id, Json{{"op", "probe_tcp"}, {"ip", ip}, {"port", port}, {"timeout_ms", timeout.count()}},
        timeout + kAnswerTimeout);
    const std::string state = base::require_string(answer, "state");
    if (state == "open") {
        return TcpPortState::open;
    }
    return state == "closed" ? TcpPortState::closed : TcpPortState::silent;
}

base::HttpResponse SwitchRuntime::http_get_through(std::string_view id, std::string_view ip,
                                                   std::uint16_t port, std::string_view path,
                                                   milliseconds timeout) {
    Json request = to_json(PublishedPort{.guest_ip = std::string(ip), .guest_port = port});
    request["op"] = "publish";
    request["seconds"] = std::chrono::ceil<std::chrono::seconds>(timeout).count() + 5;
    const std::uint16_t host_port =
        require_port(call(id, std::move(request), kAnswerTimeout), "host_port");
    const base::ScopeExit close_it(
        [&] { base::guarded("network", [&] { unpublish(id, "127.0.0.1", host_port); }); });
    const std::string_view slash = path.starts_with('/') ? "" : "/";
    base::HttpRequest get;
    get.url = fmt::format("http://127.0.0.1:{}{}{}", host_port, slash, path);
    get.headers = {fmt::format("Host: {}:{}", ip, port)};
    get.timeout = timeout;
    return base::http_call(get);
}

}  // namespace hvruntime
