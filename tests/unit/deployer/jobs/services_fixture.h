// SPDX-License-Identifier: Apache-2.0
// What the jobs of deployments work on: machines of the fake QEMU, switches, images and keys, in
// folders of the test's own.
#pragma once

#include "deployer/record/stored_keys.h"
#include "deployer/services.h"
#include "hvruntime/store/sqlite_store.h"
#include "tests/support/machine_fixture.h"
#include "tests/support/network_fixture.h"

namespace tests {

struct ServicesFixture {
    NetworkFixture net;
    MachineFixture machines{fake_qemu()};
    base::TempDir dir;
    hvruntime::SqliteStore store{":memory:"};
    hvruntime::ImageStore images{dir.path()};
    deployer::StoredKeys keys{store};
    hvruntime::GuestChannels channels{keys};
    deployer::Services services{.store = store,
                                .images = images,
                                .machines = *machines.runtime,
                                .switches = net.runtime,
                                .channels = channels,
                                .data_dir = dir.path()};
};

}  // namespace tests
