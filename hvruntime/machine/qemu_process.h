// SPDX-License-Identifier: Apache-2.0
// Starting QEMU, and finding QEMUs that run: by their command line, which names the machine's id
// and its data folder. That way also one is found that was spawned but not yet recorded.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/process.h"
#include "hvruntime/machine/machine_paths.h"
#include "hvruntime/qmp/qmp_client.h"

namespace hvruntime {

struct FoundQemu {
    std::string machine;  // its id
    base::ProcessId process;
    std::filesystem::path run_folder;  // where its sockets are
};

// All QEMUs of machines below `data_dir`. A process has no command line for a moment while it is
// being executed: waits (two seconds at most) until every such one has got its own.
std::vector<FoundQemu> find_qemus(const std::filesystem::path& data_dir);

// Error(external) with the last line of QEMU's log, for one that ended while it started.
base::Error qemu_ended_early(const MachinePaths& paths);

// The program to run: `configured`, else $MUSTER_QEMU, else qemu-system-x86_64 of PATH. Absolute.
// Throws an environment error saying what to install.
std::string find_qemu_program(const std::string& configured);

// The same command, for a process that the kernel kills when the thread that spawns it ends. Throws
// an environment error when the host has no setpriv(1).
std::vector<std::string> end_with_starter(std::vector<std::string> argv);

// Connects as soon as the socket is there. Throws Error(external) with the end of the log when QEMU
// ends meanwhile, Error(timeout) when it does not answer.
std::unique_ptr<QmpClient> wait_for_qmp(const base::ProcessId& process, const MachinePaths& paths,
                                        std::chrono::milliseconds limit,
                                        QmpClient::OnEvent on_event);

}  // namespace hvruntime
