// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/net/switch_process.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <csignal>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "hvruntime/net/engine/network_switch.h"
#include "hvruntime/net/switch_spec.h"

namespace hvruntime {

namespace {

// Every connection of a guest to the outside is a descriptor here.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void require_sockets(const SwitchSpec& spec) {
    bool complete = !spec.control_socket.empty();
    for (const SwitchPort& port : spec.ports) {
        complete = complete && !port.switch_socket.empty() && !port.machine_socket.empty();
    }
    if (!complete) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("network '{}' has no socket paths", spec.name),
                          "the daemon fills them in when it starts the switch");
    }
}

}  // namespace

int run_switch(const std::filesystem::path& spec_path) {
    const SwitchSpec spec = read_switch_spec(spec_path.string());
    require_sockets(spec);
    const base::FileLock lock = base::FileLock::try_lock(spec_path.parent_path() / "lock");
    if (!lock) {
        throw base::Error(base::ErrorKind::conflict,
                          fmt::format("a switch for network '{}' runs already", spec.name));
    }
    base::set_log_timestamps(true);
    base::set_log_level(base::LogLevel::info);
    std::signal(SIGHUP, SIG_IGN);
    ::umask(0077);  // the sockets are this user's only
    raise_descriptor_limit();

    net::NetworkSwitch network(spec, spec_path.parent_path() / "state.json");
    base::log(base::LogLevel::info, "switch", "network {} ({}) of {} runs with {} ports", spec.name,
              spec.subnet, spec.deployment, spec.ports.size());
    network.run(base::interrupt().event_fd());
    base::log(base::LogLevel::info, "switch", "network {} ends", spec.name);
    return 0;
}

}  // namespace hvruntime
