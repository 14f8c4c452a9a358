// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/machine_folder.h"

#include <unistd.h>
#include <cerrno>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "hvruntime/images/qcow2_overlay.h"
#include "hvruntime/machine/config_iso.h"
#include "hvruntime/machine/efi_firmware.h"

namespace hvruntime {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kConsoleLogLimit = 4 * base::kMiB;

}  // namespace

void make_machine_folder(const MachinePaths& paths, const MachineSpec& spec) {
    const fs::path machines = paths.folder.parent_path();
    const fs::path half_made = machines / fmt::format(".new-{}-{}", spec.id, base::random_hex(8));
    base::make_dirs(half_made, 0700);
    base::ScopeExit remove_half_made([&] { base::remove_all(half_made); });
    const MachinePaths temporary{.folder = half_made, .run_folder = {}};
    for (const MachineDisk& disk : spec.disks) {
        base::in_context(fmt::format("disk '{}'", disk.id), [&] {
            create_overlay(temporary.overlay(disk.id),
                           {.base = disk.base, .capacity_bytes = disk.capacity_bytes});
            base::fsync_file(temporary.overlay(disk.id));
        });
    }
    if (spec.firmware == Firmware::efi) {
        base::write_file(temporary.efi_variables(), base::read_file(find_efi_firmware().variables),
                         0600);
    }
    base::write_file(temporary.spec(), base::to_json_text(to_json(spec), 2), 0600);
    base::rename_file(half_made, paths.folder);
    remove_half_made.dismiss();
    base::fsync_dir(machines);
}

void remove_machine_folder(const MachinePaths& paths) {
    if (!fs::exists(paths.folder)) {
        return;
    }
    const fs::path gone =
        paths.folder.parent_path() /
        fmt::format(".gone-{}-{}", paths.folder.filename().string(), base::random_hex(8));
    // Beyond this point the machine does not exist.
    base::rename_file(paths.folder, gone);
    base::fsync_dir(paths.folder.parent_path());
    base::remove_all(gone);
}

void sweep_machine_folders(const fs::path& machines) {
    std::vector<fs::path> leftovers;
    for (const auto& entry : fs::directory_iterator(machines)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(".new-") || name.starts_with(".gone-")) {
            leftovers.push_back(entry.path());
        }
    }
    for (const fs::path& leftover : leftovers) {
        base::log(base::LogLevel::info, "machine", "removing '{}'", leftover.string());
        base::remove_all(leftover);
    }
}

std::vector<MachineSpec> read_machine_specs(const fs::path& machines) {
    std::vector<MachineSpec> specs;
    for (const auto& entry : fs::directory_iterator(machines)) {
        const fs::path path = entry.path() / "spec.json";
        if (entry.path().filename().string().starts_with('.') || !fs::exists(path)) {
            continue;
        }
        try {
            specs.push_back(
                parse_machine_spec(base::parse_json(base::read_file(path), path.string())));
        } catch (const base::Error& error) {
            // One damaged machine must not keep the others from being adopted.
            base::log(base::LogLevel::error, "machine", "'{}' is not usable: {}", path.string(),
                      error.message());
        }
    }
    return specs;
}

void prepare_machine_run(const MachinePaths& paths, const MachineSpec& spec) {
    clean_machine_run(paths, spec);
    base::make_dirs(paths.run_folder, 0700);
    if (spec.config_iso) {
        write_config_iso(paths.config_iso(), *spec.config_iso);
    }
    base::remove_all(paths.qemu_log());
    if (fs::exists(paths.console_log()) &&
        base::file_size(paths.console_log()) > kConsoleLogLimit) {
        base::rename_file(paths.console_log(), paths.console_log().string() + ".1");
    }
}

void clean_machine_run(const MachinePaths& paths, const MachineSpec& spec) {
    base::remove_all(paths.run_folder);
    for (const MachineNic& nic : spec.nics) {
        if (!nic.local_socket.empty()) {
            base::remove_all(nic.local_socket);
        }
    }
}

}  // namespace hvruntime
