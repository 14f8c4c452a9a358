// SPDX-License-Identifier: Apache-2.0
#include "cli/machine_disks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <cerrno>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "cli/daemon_client.h"
#include "cli/machine_lookup.h"
#include "hvruntime/machine/machine_paths.h"

namespace cli {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using imagebuilder::DiskFile;

constexpr std::size_t kCopyPiece = std::size_t{4} << 20U;

hvruntime::MachinePaths paths_of(const LocatedMachine& machine) {
    return hvruntime::machine_paths(base::data_dir(), base::runtime_dir(), machine.id);
}

LocatedMachine located(const std::string& deployment, const base::Json& json) {
    const std::string state = base::string_or(json, "state", "");
    LocatedMachine machine{deployment,
                           base::require_string(json, "name"),
                           base::require_string(json, "id"),
                           state == "running" || state == "paused" || state == "starting",
                           {}};
    const base::Json addresses = json.value("addresses", base::Json::object());
    for (const auto& [network, address] : addresses.items()) {
        machine.networks.push_back(network);
    }
    return machine;
}

// Inode, size and time of the last change.
std::string stamp_of(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        throw base::SystemError(errno, fmt::format("disk '{}'", path));
    }
    return fmt::format("{} {} {}.{}", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                       info.st_mtim.tv_nsec);
}

void copy_file(const std::string& from, const std::string& to,
               const std::function<void(std::uint64_t)>& on_bytes) {
    const base::UniqueFd source = base::open_file(from, O_RDONLY);
    const base::UniqueFd target =
        base::open_file(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    std::vector<std::byte> buffer(kCopyPiece);
    std::uint64_t at = 0;
    while (const std::size_t got = base::pread_some(source.get(), buffer, at, from)) {
        base::interrupt().check();
        base::write_all(target.get(), std::span(buffer).first(got), to);
        at += got;
        on_bytes(got);
    }
}

}  // namespace

std::vector<LocatedMachine> locate_machines(base::cli::Io& io, const std::string& deployment) {
    const DaemonClient daemon = DaemonClient::open(io);
    const base::Json json = daemon.call("GET", "/v1/deployments/" + base::url_encode(deployment));
    std::vector<LocatedMachine> machines;
    for (const base::Json& machine : json.at("machines")) {
        machines.push_back(located(deployment, machine));
    }
    return machines;
}

LocatedMachine locate_machine(base::cli::Io& io, const std::string& deployment,
                              const std::string& machine) {
    return located(deployment, find_machine(io, deployment, machine));
}

hvruntime::MachineSpec read_spec_of(const LocatedMachine& machine) {
    const fs::path path = paths_of(machine).spec();
    if (!fs::exists(path)) {
        throw Error(ErrorKind::not_found,
                    fmt::format("the files of machine '{}' are not on this host", machine.name),
                    "do it on the host that runs it, as the user whose daemon it is");
    }
    return hvruntime::parse_machine_spec(base::parse_json(base::read_file(path), path.string()));
}

std::vector<DiskFile> disks_of(const LocatedMachine& machine, const hvruntime::MachineSpec& spec) {
    if (spec.disks.empty()) {
        throw Error(ErrorKind::unsupported, fmt::format("machine '{}' has no disk", machine.name));
    }
    // As whoever runs the machine put them together, not as names in the files say.
    std::vector<DiskFile> disks;
    for (const hvruntime::MachineDisk& disk : spec.disks) {
        disks.push_back({paths_of(machine).overlay(disk.id).string(), ovfkit::DiskFormat::qcow2,
                         disk.base.string()});
    }
    return disks;
}

FileStamps::FileStamps(const std::vector<DiskFile>& disks) {
    for (const DiskFile& disk : disks) {
        stamps_[disk.path] = stamp_of(disk.path);
    }
}

void FileStamps::require_unchanged(const std::string& machine) const {
    for (const auto& [path, stamp] : stamps_) {
        if (stamp_of(path) != stamp) {
            throw Error(ErrorKind::conflict,
                        fmt::format("machine '{}' was started while its disk was read", machine),
                        "do it again: a machine that runs is copied first");
        }
    }
}

std::vector<DiskFile> copy_stopped_disks(
    const std::vector<DiskFile>& disks, const fs::path& folder,
    const std::function<void(std::uint64_t, std::uint64_t)>& on_progress) {
    std::uint64_t total = 0;
    for (const DiskFile& disk : disks) {
        total += base::file_size(disk.path);
    }
    std::uint64_t done = 0;
    std::vector<DiskFile> copies = disks;
    for (DiskFile& copy : copies) {
        const std::string to = (folder / fs::path(copy.path).filename()).string();
        copy_file(copy.path, to, [&](std::uint64_t bytes) { on_progress(done += bytes, total); });
        copy.path = to;
    }
    return copies;
}

std::map<std::string, RunningCopy> copy_running_disks(base::cli::Io& io,
                                                      const std::string& deployment,
                                                      const std::vector<std::string>& machines,
                                                      const fs::path& folder,
                                                      const std::string& freeze) {
    const DaemonClient daemon = DaemonClient::open(io);
    const base::Json answer = daemon.call_whole(
        "POST", "/v1/deployments/" + base::url_encode(deployment) + "/copies",
        base::Json{
            {"machines", machines}, {"folder", fs::absolute(folder).string()}, {"freeze", freeze}});
    const base::Json record = daemon.follow_job(answer.at("job").get<std::uint64_t>(), io);
    std::map<std::string, RunningCopy> copies;
    for (const base::Json& machine : record.at("result").at("machines")) {
        RunningCopy& copy = copies[base::require_string(machine, "name")];
        copy.frozen = machine.value("frozen", std::uint64_t{0});
        for (const base::Json& disk : machine.at("disks")) {
            copy.disks.push_back({base::require_string(disk, "file"), ovfkit::DiskFormat::qcow2,
                                  base::string_or(disk, "base", "")});
        }
    }
    return copies;
}

}  // namespace cli
