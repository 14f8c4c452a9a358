// SPDX-License-Identifier: Apache-2.0
// What the runtime remembers about a machine between daemons: state.json in its folder, written
// atomically before and after every change of its process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/process.h"
#include "hvruntime/accel/accel.h"
#include "hvruntime/machine/machine_paths.h"
#include "hvruntime/machine/machine_runtime.h"

namespace hvruntime {

// `starting` is written before QEMU is spawned: found after a kill, it means that a QEMU may exist
// which the record does not name.
enum class MachinePhase { stopped, starting, running };

struct MachineRecord {
    MachinePhase phase = MachinePhase::stopped;
    base::ProcessId process;  // pid -1: none
    std::string boot_id;      // pids mean nothing after a reboot of the host
    std::string accel = "tcg";
    std::int64_t started_at_ms = 0;
    std::optional<MachineExit> exit;
};

MachineRecord read_machine_record(const MachinePaths& paths);  // absent: never started
void write_machine_record(const MachinePaths& paths, const MachineRecord& record);
base::Json to_json(const MachineExit& exit);
std::string host_boot_id();
std::int64_t unix_time_ms();

}  // namespace hvruntime
