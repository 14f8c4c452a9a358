// SPDX-License-Identifier: Apache-2.0
// Where a machine's files and sockets are. Big files live below the data folder, sockets below the
// run folder, whose path must be short: a unix socket's path has at most 107 bytes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace hvruntime {

struct MachinePaths {
    std::filesystem::path folder;      // DATA/machines/ID
    std::filesystem::path run_folder;  // RUN/m/ID

    std::filesystem::path spec() const { return folder / "spec.json"; }
    std::filesystem::path state() const { return folder / "state.json"; }
    std::filesystem::path config_iso() const { return folder / "config.iso"; }
    std::filesystem::path efi_variables() const { return folder / "efi-vars.fd"; }
    std::filesystem::path console_log() const { return folder / "console.log"; }
    std::filesystem::path qemu_log() const { return folder / "qemu.log"; }
    std::filesystem::path overlay(const std::string& disk_id) const;  // <disk_id>.qcow2
    std::filesystem::path qmp_socket() const { return run_folder / "qmp.sock"; }
    std::filesystem::path console_socket() const { return run_folder / "console.sock"; }
    std::filesystem::path guest_socket() const { return run_folder / "guest.sock"; }
    std::filesystem::path nic_socket(std::size_t index) const;  // nic<index>.sock
};

// `data_dir` and `run_dir` as given to MachineRuntime.
MachinePaths machine_paths(const std::filesystem::path& data_dir,
                           const std::filesystem::path& run_dir, const std::string& id);

// Throws an environment error naming the path and the remedy when it is too long for a socket.
void check_socket_path(const std::filesystem::path& path);

}  // namespace hvruntime
