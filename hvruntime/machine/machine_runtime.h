// SPDX-License-Identifier: Apache-2.0
// Machines of this host: one detached QEMU each, controlled over QMP. QEMU outlives this object;
// adopt() takes it over again by pid, start time and socket. Thread-safe: operations on one machine
// wait for each other, those on different machines run side by side. One runtime per data folder.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/process.h"
#include "hvruntime/accel/accel.h"
#include "hvruntime/machine/disk_copies.h"
#include "hvruntime/machine/machine_paths.h"
#include "hvruntime/machine/machine_spec.h"

namespace hvruntime {

enum class MachineState { stopped, starting, running, paused, crashed };
std::string_view to_string(MachineState state);

// How the last run ended.
struct MachineExit {
    // guest-shutdown, host-quit (stopped by us), killed (by us), guest-panic, failed (non-zero
    // exit or a signal), host-down (the host was rebooted), unknown (nobody watched).
    std::string reason;
    std::optional<int> status;  // as base::RunResult::status, when it was our child
    std::int64_t at_ms = 0;     // Unix time
};

struct MachineStatus {
    std::string id;
    std::string name;
    std::string deployment;
    MachineState state = MachineState::stopped;
    std::optional<base::ProcessId> process;  // while there is one
    std::int64_t started_at_ms = 0;
    Accel accel = Accel::tcg;  // of the last start
    std::optional<MachineExit> exit;
    MachinePaths paths;
};
// Has "console_socket", "guest_socket", "log" (the console's log) and "qemu_log" as paths.
base::Json to_json(const MachineStatus& status);

struct RuntimeSettings {
    std::filesystem::path data_dir;  // machines/ is made below it
    std::filesystem::path run_dir;   // m/ is made below it; keep it short
    AccelChoice accel;
    // The machines belong to the thread that starts them: when it ends, however, so do they.
    bool end_with_starter = false;
    // Empty: $MUSTER_QEMU, else qemu-system-x86_64 of PATH.
    std::string qemu_program;
    std::chrono::milliseconds start_limit = std::chrono::seconds(60);  // until QMP answers
    std::chrono::milliseconds adopt_limit = std::chrono::seconds(10);  // the same, in adopt()
    // Called when a machine ended by itself or was paused or resumed, from a thread of the runtime,
    // without any lock held. It must not destroy the runtime.
    std::function<void(const MachineStatus&)> on_change;
};

class MachineRuntime {
  public:
    explicit MachineRuntime(RuntimeSettings settings);
    MachineRuntime(const MachineRuntime&) = delete;
    MachineRuntime& operator=(const MachineRuntime&) = delete;
    ~MachineRuntime();  // leaves the machines running

    // Call once, before anything else: takes over running machines, also those that were spawned
    // but not recorded before a kill; ends QEMUs of ours whose machine no longer exists; removes
    // what half-made or half-removed machines left. Returns the ids of the running machines.
    std::vector<std::string> adopt();

    // Makes the folder, spec.json and the overlays, all or nothing. The same spec again is fine,
    // another spec under the same id is a conflict.
    void create(const MachineSpec& spec);
    // Returns when QMP answers and the guest's CPUs run. A running machine is fine. A failure
    // leaves no process and names the log.
    void start(const std::string& id);
    // ACPI power button; after `grace` the plug is pulled. A stopped machine is fine.
    void stop(const std::string& id, std::chrono::milliseconds grace);
    void kill(const std::string& id);  // pulls the plug now
    // The machine must not be running (conflict). An absent one is fine.
    void destroy(const std::string& id);

    // Begins copies of all disks of a running machine as they are now, <disk id>.qcow2 in `folder`,
    // which must be there: thin clones of the disks' bases (see disk_copies.h). Returns when the
    // moment is fixed; QEMU goes on copying, also without this daemon. Throws conflict when the
    // machine does not run or is being copied already. The caller owns the files, also after a
    // failure, and calls end_copies() in any case.
    void begin_copies(const std::string& id, const std::filesystem::path& folder);
    // Throws external when the machine has ended meanwhile.
    DiskCopyProgress copies_progress(const std::string& id);
    // Cancels what still runs; QEMU lets go of the files. Fine when there is nothing to end.
    void end_copies(const std::string& id);

    std::optional<MachineStatus> find_status(const std::string& id) const;
    MachineStatus status(const std::string& id) const;  // throws not_found
    std::vector<MachineStatus> list() const;            // by deployment, then name
    MachineSpec spec(const std::string& id) const;      // throws not_found
    MachinePaths paths(const std::string& id) const;    // of any id, made or not

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hvruntime
