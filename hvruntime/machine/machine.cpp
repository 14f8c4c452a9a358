// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/machine.h"

#include <csignal>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "hvruntime/machine/efi_firmware.h"
#include "hvruntime/machine/machine_folder.h"
#include "hvruntime/machine/qemu_args.h"

namespace hvruntime {

using base::Error;
using base::ErrorKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds kCommandLimit = seconds(5);
constexpr milliseconds kQuitLimit = seconds(10);
constexpr milliseconds kKillLimit = seconds(30);

}  // namespace

Machine::Machine(MachineSpec spec, MachinePaths paths, const RuntimeSettings& settings,
                 MachineWatch& watch)
    : spec_(std::move(spec)),
      settings_(settings),
      watch_(watch),
      paths_(std::move(paths)),
      record_(read_machine_record(paths_)) {
}

void Machine::start() {
    const std::lock_guard lock(operation_);
    require_there();
    if (process_alive()) {
        bool paused = false;
        {
            const std::lock_guard facts(facts_);
            paused = paused_;
        }
        if (paused && qmp_) {
            qmp_->execute("cont", settings_.start_limit);
        }
        return;
    }
    if (record_.process.pid > 0) {
        finish(base::wait_departure(record_.process, milliseconds(0)));
    }
    base::in_context(fmt::format("machine '{}'", spec_.name), [&] { spawn_and_connect(); });
    watch_process();
    base::log(base::LogLevel::info, "machine", "'{}' ({}) runs as process {}", spec_.name, spec_.id,
              record_.process.pid);
}

void Machine::spawn_and_connect() {
    const std::string program = find_qemu_program(settings_.qemu_program);
    end_unrecorded();
    prepare_machine_run(paths_, spec_);
    const auto efi_code =
        spec_.firmware == Firmware::efi ? find_efi_firmware().code : std::filesystem::path();
    base::Command command{.argv = qemu_args(spec_, paths_, settings_.accel.accel, efi_code),
                          .cwd = "/"};
    command.argv.insert(command.argv.begin(), program);
    if (settings_.end_with_starter) {
        command.argv = end_with_starter(std::move(command.argv));
    }
    ending_.clear();
    {
        const std::lock_guard facts(facts_);
        paused_ = false;
        panicked_ = false;
        shutdown_reason_.clear();
    }
    MachineRecord record{.phase = MachinePhase::starting,
                         .process = {},
                         .boot_id = host_boot_id(),
                         .accel = std::string(to_string(settings_.accel.accel)),
                         .started_at_ms = unix_time_ms(),
                         .exit = std::nullopt};
    // From here to the next keep() a kill leaves a QEMU that only its command line tells of.
    keep(record);
    try {
        try {
            record.process = base::spawn_detached(command, paths_.qemu_log());
        } catch (const base::CommandError&) {
            throw qemu_ended_early(paths_);
        }
        keep(record);
        connect(settings_.start_limit);
        record.phase = MachinePhase::running;
        keep(record);
    } catch (...) {
        ending_ = "failed";
        base::send_signal(record.process, SIGKILL);
        finish(base::wait_departure(record.process, kKillLimit));
        throw;
    }
}

void Machine::end_unrecorded() {
    if (!unsure_) {
        return;
    }
    for (const FoundQemu& qemu : find_qemus(settings_.data_dir)) {
        if (qemu.machine == spec_.id) {
            base::log(base::LogLevel::warn, "machine", "'{}': ending the unrecorded process {}",
                      spec_.name, qemu.process.pid);
            base::stop_process(qemu.process, milliseconds(0));
        }
    }
    unsure_ = false;
}

void Machine::connect(milliseconds limit) {
    qmp_.reset();
    qmp_ = wait_for_qmp(record_.process, paths_, limit,
                        [this](const QmpEvent& event) { handle_event(event); });
    const base::Json state = qmp_->execute("query-status", limit);
    const std::lock_guard facts(facts_);
    paused_ = base::string_or(state, "status", "") == "paused";
}

void Machine::stop(milliseconds grace) {
    const std::lock_guard lock(operation_);
    require_there();
    if (record_.process.pid <= 0) {
        return;
    }
    ending_ = "host-quit";
    end_process(grace);
}

void Machine::kill() {
    const std::lock_guard lock(operation_);
    require_there();
    if (record_.process.pid <= 0) {
        return;
    }
    ending_ = "killed";
    base::send_signal(record_.process, SIGKILL);
    end_process(milliseconds(0));
}

// Politely at first: power button, then QMP quit, then SIGKILL.
void Machine::end_process(milliseconds grace) {
    base::Departure departure = base::wait_departure(record_.process, milliseconds(0));
    if (!departure.gone && grace.count() > 0) {
        bool paused = false;
        {
            const std::lock_guard facts(facts_);
            paused = paused_;
        }
        if (paused) {
            try_command("cont");  // a paused guest does not see the power button
        }
        try_command("system_powerdown");
        departure = base::wait_departure(record_.process, grace);
    }
    if (!departure.gone) {
        try_command("quit");
        departure = base::wait_departure(record_.process, kQuitLimit);
    }
    if (!departure.gone) {
        base::log(base::LogLevel::warn, "machine", "'{}' does not quit and is killed", spec_.name);
        base::send_signal(record_.process, SIGKILL);
        departure = base::wait_departure(record_.process, kKillLimit);
    }
    if (!departure.gone) {
        throw Error(ErrorKind::external,
                    fmt::format("QEMU of machine '{}' (process {}) does not die", spec_.name,
                                record_.process.pid),
                    "it hangs in the kernel; look at its stack in /proc");
    }
    finish(departure);
}

// A command whose failure only means that the next, harder step is taken.
void Machine::try_command(const char* command) {
    try {
        if (!qmp_ || qmp_->closed()) {
            connect(kCommandLimit);
        }
        qmp_->execute(command, kCommandLimit);
    } catch (const Error& error) {
        base::log(base::LogLevel::info, "machine", "'{}': {}: {}", spec_.name, command,
                  error.message());
    }
}

void Machine::finish(const base::Departure& departure) {
    // QEMU has gone: the reader ends as soon as it has taken the last events.
    for (int i = 0; qmp_ && !qmp_->closed() && i < 200; ++i) {
        std::this_thread::sleep_for(milliseconds(5));
    }
    MachineRecord record = record_;
    record.exit = MachineExit{
        .reason = reason_of(departure), .status = departure.status, .at_ms = unix_time_ms()};
    qmp_.reset();
    record.phase = MachinePhase::stopped;
    record.process = {};
    ending_.clear();
    base::log(base::LogLevel::info, "machine", "'{}' ({}) ended: {}", spec_.name, spec_.id,
              record.exit->reason);
    keep(record);
    clean_machine_run(paths_, spec_);
}

std::string Machine::reason_of(const base::Departure& departure) {
    const std::lock_guard facts(facts_);
    if (!ending_.empty()) {
        return ending_;
    }
    if (panicked_ || shutdown_reason_ == "guest-panic") {
        return "guest-panic";
    }
    if (departure.status.value_or(0) != 0) {
        return "failed";
    }
    if (!shutdown_reason_.empty()) {
        return shutdown_reason_;
    }
    // QEMU announces every orderly end: who watched and saw none watched a crash.
    return qmp_ ? "failed" : "unknown";
}

bool Machine::adopt(const std::optional<FoundQemu>& found) {
    const std::lock_guard lock(operation_);
    if (!found) {
        if (record_.phase != MachinePhase::stopped) {
            unsure_ = record_.phase == MachinePhase::starting;
            ending_ = record_.boot_id == host_boot_id() ? "" : "host-down";
            finish({.gone = true, .status = std::nullopt});
        }
        return false;
    }
    MachineRecord record = record_;
    const bool was_running = record.phase == MachinePhase::running;
    record.process = found->process;
    {
        const std::lock_guard facts(facts_);
        paths_.run_folder = found->run_folder;
        record_ = record;
    }
    try {
        connect(settings_.adopt_limit);
    } catch (const Error& error) {
        if (!was_running || !base::is_alive(found->process)) {
            ending_ = was_running ? "" : "failed";
            base::send_signal(found->process, SIGKILL);
            finish(base::wait_departure(found->process, kKillLimit));
            return false;
        }
        // A guest that runs is worth more than our control of it; stop() will try again.
        base::log(base::LogLevel::warn, "machine", "'{}' is adopted without control: {}",
                  spec_.name, error.message());
    }
    record.phase = MachinePhase::running;
    keep(record);
    watch_process();
    return true;
}

void Machine::retire() {
    const std::lock_guard lock(operation_);
    if (retired_) {
        return;
    }
    if (process_alive()) {
        throw Error(ErrorKind::conflict, fmt::format("machine '{}' is running", spec_.name),
                    "stop it first");
    }
    if (record_.process.pid > 0) {
        finish(base::wait_departure(record_.process, milliseconds(0)));
    }
    end_unrecorded();
    remove_machine_folder(paths_);
    clean_machine_run(paths_, spec_);
    retired_ = true;
}

MachineStatus Machine::status() const {
    const std::lock_guard facts(facts_);
    MachineStatus status{.id = spec_.id,
                         .name = spec_.name,
                         .deployment = spec_.deployment,
                         .state = MachineState::stopped,
                         .process = std::nullopt,
                         .started_at_ms = record_.started_at_ms,
                         .accel = record_.accel == "kvm" ? Accel::kvm : Accel::tcg,
                         .exit = record_.exit,
                         .paths = paths_};
    if (record_.process.pid > 0) {
        status.process = record_.process;
    }
    if (record_.phase == MachinePhase::starting) {
        status.state = MachineState::starting;
    } else if (record_.phase == MachinePhase::running) {
        status.state = paused_ ? MachineState::paused : MachineState::running;
    } else if (record_.exit &&
               (record_.exit->reason == "failed" || record_.exit->reason == "guest-panic")) {
        status.state = MachineState::crashed;
    }
    return status;
}

void Machine::require_there() const {
    if (retired_) {
        throw Error(ErrorKind::not_found, fmt::format("machine '{}' does not exist", spec_.name));
    }
}

bool Machine::process_alive() const {
    return record_.process.pid > 0 && base::is_alive(record_.process);
}

// Memory first: should the disk refuse, what we say is still what is.
void Machine::keep(const MachineRecord& record) {
    {
        const std::lock_guard facts(facts_);
        record_ = record;
    }
    write_machine_record(paths_, record);
}

void Machine::watch_process() {
    watch_.add(record_.process, [weak = weak_from_this(), process = record_.process] {
        if (const std::shared_ptr<Machine> machine = weak.lock()) {
            machine->handle_end(process);
        }
    });
}

// In the reader thread of qmp_.
void Machine::handle_event(const QmpEvent& event) {
    {
        const std::lock_guard facts(facts_);
        if (event.name == "SHUTDOWN") {
            shutdown_reason_ = base::string_or(event.data, "reason", "unknown");
        } else if (event.name == "GUEST_PANICKED") {
            panicked_ = true;
        } else if (event.name == "STOP" && shutdown_reason_.empty()) {
            paused_ = true;
        } else if (event.name == "RESUME") {
            paused_ = false;
        } else {
            return;
        }
    }
    if (event.name == "STOP" || event.name == "RESUME") {
        watch_.post([weak = weak_from_this()] {
            if (const std::shared_ptr<Machine> machine = weak.lock()) {
                machine->announce();
            }
        });
    }
}

// In the watch's thread.
void Machine::handle_end(const base::ProcessId& process) {
    {
        const std::lock_guard lock(operation_);
        if (retired_ || record_.process != process || base::is_alive(process)) {
            return;  // whoever ended it has seen to it
        }
        finish(base::wait_departure(process, milliseconds(0)));
    }
    announce();
}

void Machine::announce() {
    if (settings_.on_change) {
        settings_.on_change(status());
    }
}

}  // namespace hvruntime
