// SPDX-License-Identifier: Apache-2.0
#include "deployer/jobs/copy_job.h"

#include <chrono>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/file.h"

namespace deployer {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;
using hvruntime::DiskCopyProgress;
using hvruntime::JobContext;

constexpr std::chrono::milliseconds kLook{100};
// Until a guest has written what it has to write; then for beginning the copy.
constexpr std::chrono::seconds kFreezeLimit{60};
constexpr std::chrono::seconds kFreezeHold{10};
constexpr std::chrono::seconds kThawLimit{30};
constexpr const char* kWithoutFreeze =
    "copy it without (--no-freeze), or while it is stopped (without --live)";

struct CopiedMachine {
    std::string name;
    std::string id;
    fs::path folder;
};

std::vector<CopiedMachine> machines_of(const Json& params) {
    const std::string deployment = base::require_string(params, "name");
    std::vector<CopiedMachine> machines;
    for (const Json& name : params.at("machines")) {
        const auto text = name.get<std::string>();
        machines.push_back({text, machine_id_of(deployment, text),
                            fs::path(base::require_string(params, "folder")) / text});
    }
    return machines;
}

std::string names_of(const std::vector<CopiedMachine>& machines) {
    std::vector<std::string> names;
    for (const CopiedMachine& machine : machines) {
        names.push_back(machine.name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

std::int64_t now_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Json disks_json(Services& services, const CopiedMachine& machine) {
    Json disks = Json::array();
    for (const hvruntime::MachineDisk& disk : services.machines.spec(machine.id).disks) {
        disks.push_back(Json{{"id", disk.id},
                             {"file", (machine.folder / (disk.id + ".qcow2")).string()},
                             {"base", disk.base.string()}});
    }
    return disks;
}

// Throws what QEMU says of a copy that failed.
DiskCopyProgress look_at(Services& services, const CopiedMachine& machine) {
    DiskCopyProgress progress = services.machines.copies_progress(machine.id);
    if (!progress.error.empty()) {
        throw Error(ErrorKind::external,
                    fmt::format("copying the disks of machine '{}': QEMU says: {}", machine.name,
                                progress.error),
                    "the machine goes on; see how much room there is for the copy");
    }
    return progress;
}

void wait_for_copies(Services& services, const std::vector<CopiedMachine>& machines,
                     JobContext& job) {
    const std::string names = names_of(machines);
    while (true) {
        DiskCopyProgress all;
        for (const CopiedMachine& machine : machines) {
            const DiskCopyProgress one = look_at(services, machine);
            all.done_bytes += one.done_bytes;
            all.total_bytes += one.total_bytes;
            all.ended = all.ended && one.ended;
        }
        job.progress(all.done_bytes, all.total_bytes, fmt::format("bytes of {}", names));
        if (all.ended) {
            return;
        }
        job.pause(kLook);
    }
}

// Begins the copy while the guest's file systems stand still. Returns how many did; throws when
// none does, or not until the copy had begun.
std::uint64_t begin_frozen(Services& services, const CopiedMachine& machine) {
    return base::in_context(fmt::format("freezing machine '{}'", machine.name), [&] {
        try {
            const hvruntime::FrozenGuest frozen =
                services.channels.freeze(machine.id, kFreezeHold, kFreezeLimit);
            base::ScopeExit thaw(
                [&] { services.channels.thaw(machine.id, frozen.id, kThawLimit); });
            services.machines.begin_copies(machine.id, machine.folder);
            thaw.dismiss();
            if (!services.channels.thaw(machine.id, frozen.id, kThawLimit)) {
                throw Error(ErrorKind::timeout,
                            "its file systems did not stand still until the copy had begun");
            }
            return frozen.file_systems;
        } catch (Error& error) {
            if (error.kind() != ErrorKind::interrupted && error.kind() != ErrorKind::conflict) {
                error.set_hint(kWithoutFreeze);
            }
            throw;
        }
    });
}

std::uint64_t begin_one(Services& services, const CopiedMachine& machine, JobContext& job) {
    const std::string freeze = base::string_or(job.params(), "freeze", "no");
    const std::string why_not =
        freeze == "no" ? "not wanted" : services.channels.why_not_freeze(machine.id);
    if (freeze == "required" || why_not.empty()) {
        try {
            return begin_frozen(services, machine);
        } catch (const Error& error) {
            if (freeze == "required" || error.kind() == ErrorKind::conflict) {
                throw;
            }
            job.log(error.message());
            services.machines.end_copies(machine.id);
            base::remove_all(machine.folder);
            base::make_dirs(machine.folder, 0700);
        }
    } else if (freeze != "no") {
        job.log(fmt::format("{} is copied as it is: {}", machine.name, why_not));
    }
    services.machines.begin_copies(machine.id, machine.folder);
    return 0;
}

void run_copy(Services& services, JobContext& job) {
    const std::vector<CopiedMachine> machines = machines_of(job.params());
    Json copied = Json::array();
    for (const CopiedMachine& machine : machines) {
        base::make_dirs(machine.folder, 0700);
        const std::uint64_t frozen = begin_one(services, machine, job);
        copied.push_back(Json{{"name", machine.name},
                              {"taken_at_ms", now_ms()},
                              {"frozen", frozen},
                              {"disks", disks_json(services, machine)}});
        job.check_abort();
    }
    wait_for_copies(services, machines, job);
    for (const CopiedMachine& machine : machines) {
        services.machines.end_copies(machine.id);
    }
    job.set_result(Json{{"machines", copied}});
}

// Of a copy that is whole, under way or was never begun.
void undo_copy(Services& services, JobContext& job) {
    for (const CopiedMachine& machine : machines_of(job.params())) {
        services.machines.end_copies(machine.id);
        base::remove_all(machine.folder);
    }
}

}  // namespace

Json copy_params(const Deployment& deployment, const Json& request) {
    const fs::path folder = base::string_or(request, "folder", "");
    const auto machines = request.find("machines");
    if (!folder.is_absolute() || machines == request.end() || !machines->is_array() ||
        machines->empty()) {
        throw Error(ErrorKind::usage, "the request names no machines, or no folder for the copies");
    }
    if (!fs::is_directory(folder)) {
        throw Error(ErrorKind::not_found, fmt::format("there is no folder '{}'", folder.string()));
    }
    Json names = Json::array();
    for (const Json& machine : *machines) {
        if (!machine.is_string()) {
            throw Error(ErrorKind::usage, "a name of a machine is no text");
        }
        names.push_back(require_machine(deployment.plan, machine.get<std::string>()).name);
    }
    const std::string freeze = base::string_or(request, "freeze", "no");
    if (freeze != "no" && freeze != "possible" && freeze != "required") {
        throw Error(ErrorKind::usage, fmt::format("'{}' is no way to freeze", freeze));
    }
    return Json{{"name", deployment.name},
                {"machines", names},
                {"folder", folder.string()},
                {"freeze", freeze}};
}

hvruntime::JobKind copy_kind(Services& services) {
    const auto steps = [&services](const Json& /*params*/, const Json& /*state*/) {
        return std::vector<hvruntime::JobStep>{
            {.name = "copy disks",
             .run = [&services](JobContext& job) { run_copy(services, job); },
             .undo = [&services](JobContext& job) { undo_copy(services, job); }}};
    };
    return {.name = "copy", .steps = steps, .recovery = hvruntime::Recovery::resume};
}

}  // namespace deployer
