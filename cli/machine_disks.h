// SPDX-License-Identifier: Apache-2.0
// The disks of a machine of ours, to be read: thin clones of images, as they lie on this host when
// nothing runs on them, or as copies that QEMU makes of a machine that runs.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/cli/io.h"
#include "hvruntime/machine/machine_spec.h"
#include "imagebuilder/filetree/disk_tree.h"

namespace cli {

struct LocatedMachine {
    std::string deployment;
    std::string name;
    std::string id;
    bool running = false;               // a QEMU has its disks open
    std::vector<std::string> networks;  // names, in the order of its adapters
};

// Throw not_found, the second naming the machines that the deployment has.
std::vector<LocatedMachine> locate_machines(base::cli::Io& io, const std::string& deployment);
LocatedMachine locate_machine(base::cli::Io& io, const std::string& deployment,
                              const std::string& machine);

// Throws not_found when its files are not on this host.
hvruntime::MachineSpec read_spec_of(const LocatedMachine& machine);

// As they are: for a machine that does not run. Throws unsupported for one without disks.
std::vector<imagebuilder::DiskFile> disks_of(const LocatedMachine& machine,
                                             const hvruntime::MachineSpec& spec);

// Tells whether files changed since it was made. Copies share nothing that matters.
class FileStamps {
  public:
    explicit FileStamps(const std::vector<imagebuilder::DiskFile>& disks);
    // Throws conflict naming the machine: what was read is no disk of any moment.
    void require_unchanged(const std::string& machine) const;

  private:
    std::map<std::string, std::string> stamps_;  // by path
};

// The same disks, with what the machine wrote copied to `folder`, which is there and empty.
std::vector<imagebuilder::DiskFile> copy_stopped_disks(
    const std::vector<imagebuilder::DiskFile>& disks, const std::filesystem::path& folder,
    const std::function<void(std::uint64_t, std::uint64_t)>& on_progress);

struct RunningCopy {
    std::vector<imagebuilder::DiskFile> disks;
    std::uint64_t frozen = 0;  // file systems of the guest that stood still when it began
};

// As the daemon calls them (deployer/jobs/copy_job.h).
inline constexpr const char* kFreezeRequired = "required";
inline constexpr const char* kFreezeIfPossible = "possible";
inline constexpr const char* kNoFreeze = "no";

// Disks of machines of one deployment as they are at one moment, copied by their QEMUs to `folder`
// while they go on; by machine. Follows the daemon's job and throws what that throws.
std::map<std::string, RunningCopy> copy_running_disks(base::cli::Io& io,
                                                      const std::string& deployment,
                                                      const std::vector<std::string>& machines,
                                                      const std::filesystem::path& folder,
                                                      const std::string& freeze);

}  // namespace cli
