// SPDX-License-Identifier: Apache-2.0
// Copies of the disks of running machines as a job: QEMU makes them while the guests go on. They go
// to a folder of whoever asked, FOLDER/MACHINE/DISK.qcow2, and belong to him from the end of the
// job on: thin clones of the disks' bases, which the result names. A daemon that takes the job up
// again begins anew, with a later moment.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "deployer/record/deployment.h"
#include "deployer/services.h"
#include "hvruntime/jobs/job.h"

namespace deployer {

// `request`: {"machines": [names], "folder": an absolute path that is there, "freeze": "required",
// "possible" or "no"}. With freeze the guest's file systems stand still while the copy begins, by
// its agent; "possible": if it has one. Throws usage for what is no such request, not_found for a
// machine that the deployment has not or an absent folder.
base::Json copy_params(const Deployment& deployment, const base::Json& request);

// Result: {"machines": [{"name", "taken_at_ms", "frozen", "disks": [{"id", "file", "base"}]}]};
// "frozen" counts the file systems that stood still, "base" is empty for a disk that began blank.
hvruntime::JobKind copy_kind(Services& services);

}  // namespace deployer
