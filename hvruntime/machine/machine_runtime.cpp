// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/machine_runtime.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "hvruntime/machine/machine.h"
#include "hvruntime/machine/machine_folder.h"
#include "hvruntime/machine/machine_record.h"
#include "hvruntime/machine/machine_watch.h"
#include "hvruntime/machine/qemu_process.h"

namespace hvruntime {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

struct MachineRuntime::State {
    explicit State(RuntimeSettings given) : settings(std::move(given)) {}

    RuntimeSettings settings;
    MachineWatch watch;        // outlives the machines, whose QMP threads post to it
    std::mutex making;         // one create() at a time
    mutable std::mutex mutex;  // guards machines
    std::map<std::string, std::shared_ptr<Machine>> machines;

    fs::path machines_dir() const { return settings.data_dir / "machines"; }
    std::shared_ptr<Machine> find(const std::string& id) const;
    // On the disk: one whose spec is damaged exists too, and its guest is left alone.
    bool exists(const std::string& id) const { return fs::exists(machines_dir() / id); }
    std::shared_ptr<Machine> require(const std::string& id) const;
    std::vector<std::shared_ptr<Machine>> all() const;
    void add(const MachineSpec& spec);
    void end_orphan(const FoundQemu& qemu) const;
    void sweep_run_folders() const;
};

std::shared_ptr<Machine> MachineRuntime::State::find(const std::string& id) const {
    const std::lock_guard lock(mutex);
    const auto found = machines.find(id);
    return found == machines.end() ? nullptr : found->second;
}

std::shared_ptr<Machine> MachineRuntime::State::require(const std::string& id) const {
    std::shared_ptr<Machine> machine = find(id);
    if (!machine) {
        throw Error(ErrorKind::not_found, fmt::format("there is no machine '{}'", id));
    }
    return machine;
}

std::vector<std::shared_ptr<Machine>> MachineRuntime::State::all() const {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<Machine>> result;
    for (const auto& [id, machine] : machines) {
        result.push_back(machine);
    }
    return result;
}

void MachineRuntime::State::add(const MachineSpec& spec) {
    auto machine = std::make_shared<Machine>(
        spec, machine_paths(settings.data_dir, settings.run_dir, spec.id), settings, watch);
    const std::lock_guard lock(mutex);
    machines[spec.id] = std::move(machine);
}

// A QEMU of our data folder whose machine no longer exists.
void MachineRuntime::State::end_orphan(const FoundQemu& qemu) const {
    base::log(base::LogLevel::warn, "machine", "ending process {} of the removed machine '{}'",
              qemu.process.pid, qemu.machine);
    base::stop_process(qemu.process, std::chrono::milliseconds(0));
    base::remove_all(qemu.run_folder);
}

void MachineRuntime::State::sweep_run_folders() const {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(settings.run_dir / "m", ignored)) {
        if (!exists(entry.path().filename().string())) {
            base::remove_all(entry.path());
        }
    }
}

MachineRuntime::MachineRuntime(RuntimeSettings settings)
    : state_(std::make_unique<State>(std::move(settings))) {
    State& state = *state_;
    // They are passed to QEMU, which runs in another folder.
    state.settings.data_dir = fs::absolute(state.settings.data_dir);
    state.settings.run_dir = fs::absolute(state.settings.run_dir);
    base::make_dirs(state.machines_dir(), 0700);
    base::make_dirs(state.settings.run_dir / "m", 0700);
    for (const MachineSpec& spec : read_machine_specs(state.machines_dir())) {
        state.add(spec);
    }
}

MachineRuntime::~MachineRuntime() {
    state_->watch.stop();
}

std::vector<std::string> MachineRuntime::adopt() {
    State& state = *state_;
    sweep_machine_folders(state.machines_dir());
    std::map<std::string, FoundQemu> found;
    for (FoundQemu& qemu : find_qemus(state.settings.data_dir)) {
        if (!state.exists(qemu.machine) || found.contains(qemu.machine)) {
            state.end_orphan(qemu);
        } else {
            found.emplace(qemu.machine, std::move(qemu));
        }
    }
    std::vector<std::string> running;
    for (const std::shared_ptr<Machine>& machine : state.all()) {
        const auto qemu = found.find(machine->spec().id);
        if (machine->adopt(qemu == found.end() ? std::nullopt : std::optional(qemu->second))) {
            running.push_back(machine->spec().id);
        }
    }
    state.sweep_run_folders();
    return running;
}

void MachineRuntime::create(const MachineSpec& spec) {
    check_machine_spec(spec);
    State& state = *state_;
    const MachinePaths paths =
        machine_paths(state.settings.data_dir, state.settings.run_dir, spec.id);
    check_socket_path(paths.console_socket());
    for (std::size_t i = 0; i < spec.nics.size(); ++i) {
        const MachineNic& nic = spec.nics[i];
        check_socket_path(nic.local_socket.empty() ? paths.nic_socket(i) : nic.local_socket);
        check_socket_path(nic.switch_socket);
    }
    const std::lock_guard lock(state.making);
    if (const std::shared_ptr<Machine> existing = state.find(spec.id)) {
        if (to_json(existing->spec()) != to_json(spec)) {
            throw Error(ErrorKind::conflict,
                        fmt::format("machine '{}' ({}) exists with another specification",
                                    spec.name, spec.id),
                        "take it down first");
        }
        return;
    }
    base::in_context(fmt::format("making machine '{}'", spec.name),
                     [&] { make_machine_folder(paths, spec); });
    state.add(spec);
}

void MachineRuntime::start(const std::string& id) {
    state_->require(id)->start();
}

void MachineRuntime::stop(const std::string& id, std::chrono::milliseconds grace) {
    state_->require(id)->stop(grace);
}

void MachineRuntime::kill(const std::string& id) {
    state_->require(id)->kill();
}

void MachineRuntime::destroy(const std::string& id) {
    State& state = *state_;
    const std::lock_guard making(state.making);
    if (const std::shared_ptr<Machine> machine = state.find(id)) {
        machine->retire();
        const std::lock_guard lock(state.mutex);
        state.machines.erase(id);
    }
}

void MachineRuntime::begin_copies(const std::string& id, const fs::path& folder) {
    state_->require(id)->begin_copies(folder);
}

DiskCopyProgress MachineRuntime::copies_progress(const std::string& id) {
    return state_->require(id)->copies_progress();
}

void MachineRuntime::end_copies(const std::string& id) {
    if (const std::shared_ptr<Machine> machine = state_->find(id)) {
        machine->end_copies();
    }
}

std::optional<MachineStatus> MachineRuntime::find_status(const std::string& id) const {
    const std::shared_ptr<Machine> machine = state_->find(id);
    return machine ? std::optional(machine->status()) : std::nullopt;
}

MachineStatus MachineRuntime::status(const std::string& id) const {
    return state_->require(id)->status();
}

std::vector<MachineStatus> MachineRuntime::list() const {
    std::vector<MachineStatus> result;
    for (const std::shared_ptr<Machine>& machine : state_->all()) {
        result.push_back(machine->status());
    }
    std::sort(result.begin(), result.end(), [](const MachineStatus& a, const MachineStatus& b) {
        return std::tie(a.deployment, a.name, a.id) < std::tie(b.deployment, b.name, b.id);
    });
    return result;
}

MachineSpec MachineRuntime::spec(const std::string& id) const {
    return state_->require(id)->spec();
}

MachinePaths MachineRuntime::paths(const std::string& id) const {
    // A machine that was adopted may have its sockets elsewhere.
    const std::shared_ptr<Machine> machine = state_->find(id);
    return machine ? machine->status().paths
                   : machine_paths(state_->settings.data_dir, state_->settings.run_dir, id);
}

std::string_view to_string(MachineState state) {
    switch (state) {
        case MachineState::stopped: return "stopped";
        case MachineState::starting: return "starting";
        case MachineState::running: return "running";
        case MachineState::paused: return "paused";
        case MachineState::crashed: return "crashed";
    }
    base::unreachable("machine state");
}

base::Json to_json(const MachineStatus& status) {
    base::Json json{{"id", status.id},
                    {"name", status.name},
                    {"deployment", status.deployment},
                    {"state", to_string(status.state)},
                    {"accel", to_string(status.accel)},
                    {"started_at_ms", status.started_at_ms},
                    {"console_socket", status.paths.console_socket().string()},
                    {"guest_socket", status.paths.guest_socket().string()},
                    {"log", status.paths.console_log().string()},
                    {"qemu_log", status.paths.qemu_log().string()}};
    if (status.process) {
        json["pid"] = status.process->pid;
    }
    if (status.exit) {
        json["exit"] = to_json(*status.exit);
    }
    return json;
}

}  // namespace hvruntime
