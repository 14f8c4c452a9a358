// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/customize/registry/merge_registry.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/printable.h"
#include "base/process.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kMostHiveBytes = std::uint64_t{512} << 20U;
constexpr unsigned kNobody = 65534;
constexpr const char* kShutDown =
    "start it and shut it down whole: powercfg /h off, then shutdown /s /t 0";

std::string find_hive(GuestfishSession& session, const std::string& root, const std::string& hive) {
    const std::string folder = plain_answer(session.run({"inspect-get-windows-systemroot", root}));
    const std::string path = plain_answer(
        session.find({"case-sensitive-path", folder + "/System32/config/" + hive}).value_or(""));
    const std::string size = plain_answer(session.find({"filesize", path}).value_or(""));
    if (!path.starts_with('/') || size.empty()) {
        throw Error(ErrorKind::invalid_input, fmt::format("the Windows has no hive '{}'", hive));
    }
    if (size.size() > 9 || std::strtoull(size.c_str(), nullptr, 10) > kMostHiveBytes) {
        throw Error(ErrorKind::unsupported, fmt::format("the hive '{}' is too large", hive));
    }
    return path;
}

void require_clean(const fs::path& file, const std::string& hive) {
    switch (state_of_hive(base::read_file(file, kMostHiveBytes))) {
        case HiveState::clean: return;
        case HiveState::dirty:
            throw Error(ErrorKind::unsupported,
                        fmt::format("the Windows was not shut down: its hive '{}' has changes in a "
                                    "log",
                                    hive),
                        kShutDown);
        case HiveState::damaged:
            throw Error(ErrorKind::invalid_input, fmt::format("the hive '{}' is damaged", hive));
    }
}

void give_to_nobody(const fs::path& path) {
    if (::geteuid() == 0 && ::chown(path.c_str(), kNobody, kNobody) != 0) {
        throw base::SystemError(errno, fmt::format("cannot give '{}' away", path.string()));
    }
}

void run_hivexregedit(const fs::path& hive, const std::string& changes) {
    base::Command command;
    if (::geteuid() == 0) {
        command.argv = {"unshare",       "--net",         "--ipc",          "setpriv",
                        "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all",
                        "--no-new-privs"};
    } else {
        command.argv = {"setpriv", "--no-new-privs"};
    }
    command.argv.insert(command.argv.end(), {"hivexregedit", "--merge", hive.string()});
    command.stdin_data = changes;
    command.env = {{"LC_ALL", "C.UTF-8"}};
    if (!base::find_program("hivexregedit")) {
        throw Error(ErrorKind::environment, "changing a registry needs the program hivexregedit",
                    "apt-get install libwin-hivex-perl");
    }
    const base::RunResult result = base::run(command);
    if (result.status != 0) {
        throw Error(ErrorKind::external,
                    fmt::format("hivexregedit {}: {}", base::describe_status(result.status),
                                base::printable_line(result.err.substr(0, 300))));
    }
}

void put_back(GuestfishSession& session, const fs::path& file, const std::string& path) {
    try {
        session.run({"upload", file.string(), path});
    } catch (Error& error) {
        if (error.message().find("Read-only file system") != std::string::npos) {
            throw Error(ErrorKind::unsupported,
                        "the Windows is hibernated or was not shut down: its NTFS is only read",
                        kShutDown);
        }
        throw;
    }
}

}  // namespace

HiveState state_of_hive(std::string_view head) {
    constexpr std::size_t kHeaderBytes = 4096;
    if (head.size() < kHeaderBytes || !head.starts_with("regf")) {
        return HiveState::damaged;
    }
    return head.substr(4, 4) == head.substr(8, 4) ? HiveState::clean : HiveState::dirty;
}

std::vector<std::string> hives_of(const std::vector<RegistryKey>& keys) {
    std::vector<std::string> hives;
    for (const RegistryKey& key : keys) {
        if (std::find(hives.begin(), hives.end(), key.hive) == hives.end()) {
            hives.push_back(key.hive);
        }
    }
    return hives;
}

void merge_registry(GuestfishSession& session, const GuestSystem& system,
                    const std::vector<RegistryKey>& keys) {
    if (system.type != "windows") {
        throw Error(ErrorKind::unsupported,
                    fmt::format("'{}' has no registry", system.product_name),
                    "--registry-merge is for disks with Windows");
    }
    const std::string set = plain_answer(
        session.find({"inspect-get-windows-current-control-set", system.root}).value_or(""));
    for (const std::string& hive : hives_of(keys)) {
        const std::string path = find_hive(session, system.root, hive);
        const base::TempDir folder;
        const fs::path file = folder.path() / "hive";
        session.run({"download", path, file.string()});
        require_clean(file, hive);
        give_to_nobody(folder.path());
        give_to_nobody(file);
        run_hivexregedit(file, hive_changes(keys, hive, set.empty() ? "ControlSet001" : set));
        require_clean(file, hive);
        put_back(session, file, path);
    }
}

}  // namespace imagebuilder
