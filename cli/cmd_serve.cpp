// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_serve.h"

#include <poll.h>
#include <unistd.h>
#include <csignal>

#include <CLI/CLI.hpp>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "cli/daemon_client.h"
#include "deployer/host_info.h"
#include "deployer/jobs/copy_job.h"
#include "deployer/jobs/deploy_job.h"
#include "deployer/jobs/lifecycle_jobs.h"
#include "deployer/record/stored_keys.h"
#include "deployer/routes.h"
#include "hvruntime/api/job_routes.h"
#include "hvruntime/guest/kv_routes.h"
#include "hvruntime/store/sqlite_store.h"

namespace cli {

namespace {

constexpr std::chrono::seconds kJobGrace{2};

// Members are made from top to bottom, each from those above it, and go in the opposite order.
struct Daemon {
    std::filesystem::path data_dir = base::data_dir();
    std::filesystem::path run_dir = base::runtime_dir();
    // The wait covers a daemon that is just being replaced.
    hvruntime::SqliteStore store{data_dir / "muster.db", 4096, std::chrono::seconds(10)};
    hvruntime::AccelChoice accel = hvruntime::choose_accel({.cache_file = data_dir / "accel.json"});
    hvruntime::ImageStore images{data_dir};
    hvruntime::MachineRuntime machines{{.data_dir = data_dir, .run_dir = run_dir, .accel = accel}};
    hvruntime::SwitchRuntime switches{{.data_dir = data_dir, .run_dir = run_dir / "n"}};
    deployer::StoredKeys keys{store};
    hvruntime::GuestChannels channels{keys};
    deployer::Services services{.store = store,
                                .images = images,
                                .machines = machines,
                                .switches = switches,
                                .channels = channels,
                                .data_dir = data_dir};
    hvruntime::JobEngine jobs{store,
                              {deployer::deploy_kind(services), deployer::stop_kind(services),
                               deployer::start_kind(services), deployer::undeploy_kind(services),
                               deployer::copy_kind(services)}};
    hvruntime::HttpServer server{run_dir / "api.sock"};
};

void add_routes(Daemon& daemon) {
    hvruntime::add_job_routes(daemon.server, daemon.jobs);
    deployer::add_deployment_routes(daemon.server, daemon.services, daemon.jobs);
    hvruntime::add_kv_routes(daemon.server, daemon.channels,
                             [&daemon](const std::string& deployment, const std::string& machine) {
                                 return deployer::resolve_machine(daemon.services, deployment,
                                                                  machine);
                             });
    daemon.server.route("GET", "/v1/host", [&daemon](const hvruntime::Request&) {
        return hvruntime::Reply{.body = deployer::describe_host(daemon.accel, daemon.data_dir)};
    });
    daemon.server.route("POST", "/v1/shutdown", [](const hvruntime::Request&) {
        base::interrupt().raise();
        return hvruntime::Reply{.body = {{"pid", ::getpid()}}};
    });
}

// Takes over what an earlier daemon left running.
void adopt(Daemon& daemon) {
    for (const hvruntime::SwitchAdoption& adoption : daemon.switches.adopt()) {
        if (adoption.outcome == hvruntime::AdoptOutcome::failed) {
            base::log(base::LogLevel::warn, "serve", "network {} does not come back: {}",
                      adoption.id, adoption.error);
        }
    }
    for (const std::string& id : daemon.machines.adopt()) {
        base::log(base::LogLevel::info, "serve", "machine {} goes on", id);
        daemon.channels.attach(id, daemon.machines.paths(id).guest_socket().string());
    }
}

void wait_for_interrupt() {
    while (!base::interrupt().raised()) {
        pollfd entry{base::interrupt().event_fd(), POLLIN, 0};
        ::poll(&entry, 1, 1000);
    }
}

int stop_running(base::cli::Io& io) {
    const DaemonClient client = DaemonClient::open(io, false);
    const base::Json reply = client.call("POST", "/v1/shutdown");
    const auto process = base::find_process(reply.at("pid").get<pid_t>());
    if (process && !base::wait_gone(*process, std::chrono::seconds(30))) {
        throw base::Error(base::ErrorKind::timeout, "the daemon does not end",
                          "see its log in " + (base::data_dir() / "serve.log").string());
    }
    return 0;
}

}  // namespace

void add_serve(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<ServeOptions>();
    CLI::App* verb = app.add_subcommand(
        "serve", "the daemon: runs machines, networks and jobs; started by itself when needed");
    verb->add_flag("--stop", options->stop, "end the daemon that runs; machines go on");
    verb->footer(
        "Listens on $XDG_RUNTIME_DIR/muster/api.sock. Machines and networks outlive it: the next\n"
        "daemon takes them over.\n\n"
        "EXIT STATUS\n  0 ended by SIGTERM or --stop; 3 --stop, but none runs; 6 no permission or "
        "space;\n"
        "  7 one runs already\n\n"
        "EXAMPLE\n  muster serve --stop");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_serve(*options, io); };
    });
}

int run_serve(const ServeOptions& options, base::cli::Io& io) {
    if (options.stop) {
        return stop_running(io);
    }
    base::set_log_timestamps(true);
    Daemon daemon;
    add_routes(daemon);

    // Nothing is served before what ran is known again: a client would see machines as gone.
    adopt(daemon);
    daemon.jobs.recover();
    daemon.server.start();
    base::log(base::LogLevel::info, "serve", "listening on {}",
              daemon.server.socket_path().string());

    wait_for_interrupt();
    daemon.jobs.stop(kJobGrace);
    daemon.server.stop();
    return 0;
}

}  // namespace cli
