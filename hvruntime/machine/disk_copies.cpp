// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/disk_copies.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "hvruntime/images/qcow2_overlay.h"

namespace hvruntime {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kBlockLimit = std::chrono::seconds(30);
constexpr milliseconds kCancelLimit = std::chrono::seconds(60);
constexpr milliseconds kCancelPause{20};
constexpr std::uint64_t kTablesRoom = std::uint64_t{4} << 20U;  // of the copy's own, at least

std::string copy_name(std::size_t index) {
    return fmt::format("{}{}", kCopyPrefix, index);
}

std::string file_node(const std::string& node) {
    return node + "-file";
}

// Bytes that the disk takes: what a copy of it can take at most, but for its tables.
std::uint64_t stored_bytes(const fs::path& overlay) {
    struct stat info {};
    if (::stat(overlay.c_str(), &info) != 0) {
        throw base::SystemError(errno, fmt::format("disk '{}'", overlay.string()));
    }
    return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

// Beyond the file's end, so that it is no part of its content.
void take_room(const fs::path& file, std::uint64_t bytes) {
    const base::UniqueFd fd = base::open_file(file.string(), O_WRONLY | O_NOFOLLOW);
    int failure = 0;
    do {
        failure = ::fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) == 0
                      ? 0
                      : errno;
    } while (failure == EINTR);
    if (failure == EOPNOTSUPP) {
        if (fs::space(file.parent_path()).available >= bytes) {
            return;
        }
        failure = ENOSPC;
    }
    if (failure != 0) {
        throw base::SystemError(failure,
                                fmt::format("a copy of {} in '{}'", base::format_byte_size(bytes),
                                            file.parent_path().string()),
                                "make room there, or name another folder: MUSTER_WORK_DIR");
    }
}

std::vector<Json> our_jobs(QmpClient& qmp) {
    std::vector<Json> jobs;
    for (const Json& job : qmp.execute("query-jobs", kBlockLimit)) {
        if (base::string_or(job, "id", "").starts_with(kCopyPrefix)) {
            jobs.push_back(job);
        }
    }
    return jobs;
}

bool has_ended(const Json& job) {
    return base::string_or(job, "status", "") == "concluded";
}

// One that ends by itself just then refuses: the next look tells.
void cancel(QmpClient& qmp, const std::string& id) {
    try {
        qmp.execute("job-cancel", Json{{"id", id}}, kBlockLimit);
    } catch (const Error& error) {
        if (qmp.closed() || error.kind() == ErrorKind::timeout) {
            throw;
        }
    }
}

void end_jobs(QmpClient& qmp) {
    const auto deadline = Clock::now() + kCancelLimit;
    std::set<std::string> cancelled;
    while (true) {
        const std::vector<Json> jobs = our_jobs(qmp);
        if (jobs.empty()) {
            return;
        }
        bool waits = false;
        for (const Json& job : jobs) {
            const std::string id = base::require_string(job, "id");
            if (has_ended(job)) {
                qmp.execute("job-dismiss", Json{{"id", id}}, kBlockLimit);
                continue;
            }
            waits = true;
            if (cancelled.insert(id).second) {
                cancel(qmp, id);
            }
        }
        if (waits && Clock::now() > deadline) {
            throw Error(ErrorKind::timeout, "QEMU does not end the copy of a disk",
                        "look at the storage that the copy is on");
        }
        if (waits) {
            std::this_thread::sleep_for(kCancelPause);
        }
    }
}

void remove_nodes(QmpClient& qmp) {
    std::vector<std::string> nodes;
    const Json found = qmp.execute("query-named-block-nodes", Json{{"flat", true}}, kBlockLimit);
    for (const Json& node : found) {
        std::string name = base::string_or(node, "node-name", "");
        if (name.starts_with(kCopyPrefix)) {
            nodes.push_back(std::move(name));
        }
    }
    // Those on top of others first.
    std::stable_partition(nodes.begin(), nodes.end(),
                          [](const std::string& name) { return !name.ends_with("-file"); });
    for (const std::string& name : nodes) {
        qmp.execute("blockdev-del", Json{{"node-name", name}}, kBlockLimit);
    }
}

void add_copy_nodes(QmpClient& qmp, const std::string& node, const DiskCopy& copy) {
    qmp.execute(
        "blockdev-add",
        Json{{"driver", "file"}, {"node-name", file_node(node)}, {"filename", copy.file.string()}},
        kBlockLimit);
    Json overlay{
        {"driver", "qcow2"}, {"node-name", node}, {"file", file_node(node)}, {"backing", nullptr}};
    if (!copy.base.empty()) {
        // The very node that the disk reads through to: zeros over it are written as such.
        overlay["backing"] = copy.disk + "-base";
    }
    qmp.execute("blockdev-add", overlay, kBlockLimit);
}

}  // namespace

std::vector<DiskCopy> make_copy_files(const MachineSpec& spec, const MachinePaths& paths,
                                      const fs::path& folder) {
    std::vector<DiskCopy> copies;
    for (const MachineDisk& disk : spec.disks) {
        base::in_context(fmt::format("disk '{}'", disk.id), [&] {
            DiskCopy copy{disk.id, disk.base, folder / (disk.id + ".qcow2")};
            const std::uint64_t bytes = stored_bytes(paths.overlay(disk.id));
            create_overlay(copy.file, {.base = disk.base, .capacity_bytes = disk.capacity_bytes});
            take_room(copy.file, bytes + kTablesRoom);
            copies.push_back(std::move(copy));
        });
    }
    return copies;
}

void begin_disk_copies(QmpClient& qmp, const std::vector<DiskCopy>& copies) {
    Json actions = Json::array();
    for (std::size_t i = 0; i < copies.size(); ++i) {
        const std::string name = copy_name(i);
        add_copy_nodes(qmp, name, copies[i]);
        actions.push_back(Json{{"type", "blockdev-backup"},
                               {"data", Json{{"job-id", name},
                                             {"device", copies[i].disk},
                                             {"target", name},
                                             {"sync", "top"},
                                             {"auto-dismiss", false}}}});
    }
    // Beyond this point the copies show this moment, whatever the guest writes.
    qmp.execute("transaction", Json{{"actions", actions}}, kBlockLimit);
}

DiskCopyProgress query_disk_copies(QmpClient& qmp) {
    DiskCopyProgress progress;
    for (const Json& job : our_jobs(qmp)) {
        progress.done_bytes += job.value("current-progress", std::uint64_t{0});
        progress.total_bytes += job.value("total-progress", std::uint64_t{0});
        progress.ended = progress.ended && has_ended(job);
        if (progress.error.empty()) {
            progress.error = base::string_or(job, "error", "");
        }
    }
    return progress;
}

void end_disk_copies(QmpClient& qmp) {
    end_jobs(qmp);
    remove_nodes(qmp);
}

}  // namespace hvruntime
