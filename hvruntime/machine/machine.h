// SPDX-License-Identifier: Apache-2.0
// One machine and its QEMU process: what MachineRuntime keeps per id. Thread-safe: operations wait
// for each other, status() never waits for one.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "hvruntime/machine/disk_copies.h"
#include "hvruntime/machine/machine_paths.h"
#include "hvruntime/machine/machine_record.h"
#include "hvruntime/machine/machine_runtime.h"
#include "hvruntime/machine/machine_spec.h"
#include "hvruntime/machine/machine_watch.h"
#include "hvruntime/machine/qemu_process.h"
#include "hvruntime/qmp/qmp_client.h"

namespace hvruntime {

class Machine : public std::enable_shared_from_this<Machine> {
  public:
    // `settings` and `watch` outlive the machine.
    Machine(MachineSpec spec, MachinePaths paths, const RuntimeSettings& settings,
            MachineWatch& watch);
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;
    ~Machine() = default;

    void start();
    void stop(std::chrono::milliseconds grace);
    void kill();
    // Takes over the QEMU that was found for it, or notes that there is none. True: it runs.
    bool adopt(const std::optional<FoundQemu>& found);
    // Removes it from the disk; throws conflict while it runs. Any later operation is not_found.
    void retire();
    // As MachineRuntime's.
    void begin_copies(const std::filesystem::path& folder);
    DiskCopyProgress copies_progress();
    void end_copies();
    MachineStatus status() const;
    const MachineSpec& spec() const { return spec_; }

  private:
    // All below with operation_ held, but the event handlers.
    void require_there() const;
    bool process_alive() const;
    QmpClient& require_control();
    void spawn_and_connect();
    void end_unrecorded();
    void connect(std::chrono::milliseconds limit);
    void end_process(std::chrono::milliseconds grace);
    void try_command(const char* command);
    void finish(const base::Departure& departure);
    std::string reason_of(const base::Departure& departure);
    void keep(const MachineRecord& record);
    void watch_process();
    void handle_event(const QmpEvent& event);
    void handle_end(const base::ProcessId& process);
    void announce();

    const MachineSpec spec_;
    const RuntimeSettings& settings_;
    MachineWatch& watch_;

    std::mutex operation_;  // held for the length of an operation; guards the next three
    bool retired_ = false;
    bool unsure_ = false;  // an earlier daemon may have spawned a QEMU that adopt() did not see
    std::string ending_;   // the reason, when we end it ourselves: "host-quit", "killed"

    mutable std::mutex facts_;  // guards the next five; never held while waiting
    MachinePaths paths_;
    MachineRecord record_;
    bool paused_ = false;
    bool panicked_ = false;
    std::string shutdown_reason_;  // of the SHUTDOWN event; empty: none was seen

    std::unique_ptr<QmpClient> qmp_;  // with operation_ held; last: its thread uses the above
};

}  // namespace hvruntime
