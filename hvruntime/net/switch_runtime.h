// SPDX-License-Identifier: Apache-2.0
// The host's side of the network switches: starts, finds, restarts and stops the detached processes
// `muster switch SPEC.json`, one per network, and talks to them over their control sockets.
// The truth is in data_dir/networks/ID/ (spec.json, state.json, log), in run_dir/ID/ (sockets) and
// in /proc, so that a new daemon sees what the old one left. Thread-safe; start, stop and adopt
// exclude each other by a file lock, also between processes.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "base/json.h"
#include "base/process.h"
#include "hvruntime/net/published_port.h"
#include "hvruntime/net/switch_spec.h"

namespace hvruntime {

struct SwitchRuntimeOptions {
    std::filesystem::path data_dir;    // "networks" is made below it
    std::filesystem::path run_dir;     // short: socket paths end at 107 bytes
    std::filesystem::path executable;  // has the verb `switch`; empty: this program
    std::chrono::milliseconds start_timeout = std::chrono::seconds(20);
};

struct SwitchStatus {
    SwitchSpec spec;
    bool running = false;  // its control socket answers
    base::ProcessId process;
    std::vector<PublishedPort> published;  // also of a switch that is not running
    base::Json counters;  // frames and bytes forwarded, dropped by reason, per port; when running
    std::filesystem::path log_path;
};

enum class AdoptOutcome {
    adopted,    // it was running
    restarted,  // it was dead: running again, its ports published again
    failed,     // it was dead and does not start: see SwitchAdoption::error
    ended,      // a process or folder without a network: ended and removed
};

struct SwitchAdoption {
    std::string id;
    AdoptOutcome outcome = AdoptOutcome::adopted;
    std::string error;
};

enum class TcpPortState {
    open,    // SYN was answered by SYN-ACK
    closed,  // by RST
    silent,  // by nothing within the time limit
};

// Where a port's two sockets are: RUN_DIR/ID/<mac without colons>.s and .q
struct PortSockets {
    std::string switch_socket;
    std::string machine_socket;
};

class SwitchRuntime {
  public:
    explicit SwitchRuntime(SwitchRuntimeOptions options);

    // Idempotent. Fills empty socket paths in, writes the spec, starts the process and waits until
    // it answers. A switch that runs with another spec is restarted with this one and keeps its
    // published ports; QEMU notices nothing but a few lost frames. On failure nothing is left.
    SwitchSpec start(SwitchSpec spec);
    // Ends the process; removes sockets, spec and state. Absent is fine.
    void stop(std::string_view id);
    // After a start of the daemon, and now and then: dead switches are started again with their
    // spec, processes of ours without a spec are ended.
    std::vector<SwitchAdoption> adopt();

    std::optional<SwitchStatus> find(std::string_view id);
    SwitchStatus require(std::string_view id);  // throws not_found
    std::vector<SwitchStatus> list();

    // Returns the host port. conflict: the port is in use (by whom is unknown: the message names
    // address and port). The same publication twice is fine. Remembered over restarts.
    std::uint16_t publish(std::string_view id, const PublishedPort& port);
    void unpublish(std::string_view id, std::string_view host_address, std::uint16_t host_port);

    // Asks the guest itself from the network's service address, without the host's TCP stack.
    TcpPortState probe_tcp(std::string_view id, std::string_view ip, std::uint16_t port,
                           std::chrono::milliseconds timeout);
    // GET http://ip:port/path by a port published for the time of the call. Throws timeout,
    // environment (nobody answers).
    base::HttpResponse http_get_through(std::string_view id, std::string_view ip,
                                        std::uint16_t port, std::string_view path,
                                        std::chrono::milliseconds timeout);

    PortSockets port_sockets(std::string_view id, std::string_view mac) const;
    std::filesystem::path log_path(std::string_view id) const;

  private:
    struct Paths;
    Paths paths_of(std::string_view id) const;
    void launch(const SwitchSpec& spec, const Paths& paths);
    void end_process(const Paths& paths);
    base::Json call(std::string_view id, base::Json request, std::chrono::milliseconds timeout);
    SwitchAdoption adopt_one(const std::string& id);
    void end_strays(std::vector<SwitchAdoption>& adoptions);
    void remove_files(const Paths& paths);
    void reap_children();

    SwitchRuntimeOptions options_;
    std::mutex mutex_;             // guards children_
    std::vector<pid_t> children_;  // switches that we started: one that dies is ours to reap
};

}  // namespace hvruntime
