// SPDX-License-Identifier: Apache-2.0
// The part of Machine that copies its disks while it runs.
#include <fmt/format.h>

#include "base/error.h"
#include "hvruntime/machine/machine.h"

namespace hvruntime {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::chrono::milliseconds kConnectLimit = std::chrono::seconds(10);

}  // namespace

// With operation_ held.
QmpClient& Machine::require_control() {
    if (!process_alive()) {
        throw Error(ErrorKind::external, fmt::format("machine '{}' has ended", spec_.name),
                    "see the end of its console log");
    }
    if (!qmp_ || qmp_->closed()) {
        connect(kConnectLimit);
    }
    return *qmp_;
}

void Machine::begin_copies(const std::filesystem::path& folder) {
    const std::lock_guard lock(operation_);
    require_there();
    base::in_context(fmt::format("copying the disks of machine '{}'", spec_.name), [&] {
        if (!process_alive()) {
            throw Error(ErrorKind::conflict, "it does not run",
                        "its disks can be read as they are");
        }
        QmpClient& qmp = require_control();
        if (!query_disk_copies(qmp).ended) {
            throw Error(ErrorKind::conflict, "they are being copied already",
                        "wait for the other copy");
        }
        end_disk_copies(qmp);  // of a daemon that ended before it did so
        begin_disk_copies(qmp, make_copy_files(spec_, paths_, folder));
    });
}

DiskCopyProgress Machine::copies_progress() {
    const std::lock_guard lock(operation_);
    require_there();
    return query_disk_copies(require_control());
}

void Machine::end_copies() {
    const std::lock_guard lock(operation_);
    if (!retired_ && process_alive()) {
        end_disk_copies(require_control());
    }
}

}  // namespace hvruntime
