// SPDX-License-Identifier: Apache-2.0
#include "cli/run_installer.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/printable.h"
#include "hvruntime/accel/accel.h"
#include "hvruntime/machine/machine_runtime.h"

namespace cli {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kConsoleLines = 20;
constexpr std::uint64_t kMostConsole = std::uint64_t{64} << 20U;

hvruntime::MachineSpec installer_spec(const imagebuilder::InstallMachine& machine) {
    hvruntime::MachineSpec spec;
    spec.id = hvruntime::make_machine_id("install", machine.name);
    spec.name = "installer";
    spec.cpus = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
    spec.memory_bytes = machine.memory_bytes;
    spec.disks = {{.id = "disk0", .capacity_bytes = machine.disk_bytes}};
    spec.kernel = machine.kernel;
    spec.initrd = machine.initrd;
    spec.cmdline = machine.command_line;
    spec.cdrom = fs::absolute(machine.iso);
    if (!machine.answers.empty()) {
        spec.config_iso.emplace();
        spec.config_iso->label = machine.answers_label;
        for (const auto& [name, content] : machine.answers) {
            spec.config_iso->files.push_back({name, content});
        }
    }
    return spec;
}

std::string end_of_console(const fs::path& log) {
    std::string text = fs::exists(log) ? base::read_file(log, kMostConsole) : "";
    std::size_t at = text.size();
    for (std::size_t lines = 0; at > 0 && lines <= kConsoleLines; ++lines) {
        at = text.rfind('\n', at - 1);
        if (at == std::string::npos) {
            at = 0;
        }
    }
    std::string shown;
    for (std::string_view rest = std::string_view(text).substr(at); !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        shown += "\n    " + base::printable_line(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return shown.empty() ? " its console is silent" : " the end of its console:" + shown;
}

// Ends with this object, and with this process if it is killed.
class InstallerMachine {
  public:
    InstallerMachine(const imagebuilder::InstallMachine& machine, const fs::path& data_dir,
                     const fs::path& run_dir)
        : runtime_({.data_dir = data_dir,
                    .run_dir = run_dir,
                    .accel = hvruntime::choose_accel({}),
                    .end_with_starter = true}),
          id_(installer_spec(machine).id) {
        runtime_.create(installer_spec(machine));
    }
    InstallerMachine(const InstallerMachine&) = delete;
    InstallerMachine& operator=(const InstallerMachine&) = delete;
    ~InstallerMachine() {
        base::guarded("ending the installer", [this] { runtime_.kill(id_); });
    }

    void run(std::chrono::seconds timeout) {
        runtime_.start(id_);
        const Clock::time_point begin = Clock::now();
        while (true) {
            base::interrupt().check();
            const hvruntime::MachineStatus status = runtime_.status(id_);
            if (status.state == hvruntime::MachineState::stopped ||
                status.state == hvruntime::MachineState::crashed) {
                require_power_off(status);
                return;
            }
            if (Clock::now() - begin > timeout) {
                throw Error(
                    ErrorKind::timeout,
                    fmt::format("the installer did not power the machine off within {} s;{}",
                                timeout.count(), end_of_console(status.paths.console_log())),
                    "its answers must end with a power-off; give it more time with "
                    "'install: { timeout: … }'");
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
    }
    fs::path disk() const { return runtime_.paths(id_).overlay("disk0"); }

  private:
    static void require_power_off(const hvruntime::MachineStatus& status) {
        const std::string reason = status.exit ? status.exit->reason : "unknown";
        if (reason != "guest-shutdown") {
            throw Error(ErrorKind::external,
                        fmt::format("the installer's machine ended otherwise than by powering off "
                                    "({});{}",
                                    reason, end_of_console(status.paths.console_log())));
        }
    }

    hvruntime::MachineRuntime runtime_;
    std::string id_;
};

}  // namespace

void run_installer(const imagebuilder::InstallMachine& machine) {
    const fs::path data_dir = machine.disk.parent_path() / "installer";
    base::make_dirs(data_dir);
    const base::TempDir run_dir;  // short: sockets
    InstallerMachine installer(machine, data_dir, run_dir.path());
    installer.run(machine.timeout);
    base::rename_file(installer.disk(), machine.disk);
}

}  // namespace cli
