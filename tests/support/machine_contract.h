// SPDX-License-Identifier: Apache-2.0
// What MachineRuntime promises whatever QEMU is below it: run on the fake and on the real one, so
// that the fake stays honest. Include once, in a test file.
#pragma once

#include <sys/stat.h>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/machine_fixture.h"

namespace tests {

inline void check_whole_life(MachineFixture& fixture) {
    using hvruntime::MachineState;
    using namespace std::chrono_literals;
    hvruntime::MachineRuntime& runtime = *fixture.runtime;
    hvruntime::MachineSpec spec = small_machine("db");
    spec.nics.push_back({.network = "back",
                         .mac = "52:54:00:00:00:01",
                         .switch_socket = fixture.run_dir() / "switch.sock"});
    spec.config_iso = hvruntime::ConfigIso{.files = {{"ovf-env.xml", "<Environment/>"}}};
    runtime.create(spec);
    runtime.create(spec);
    CHECK(fixture.state(spec.id) == MachineState::stopped);
    CHECK(fixture.qemus().empty());

    for (int round = 0; round < 2; ++round) {
        runtime.start(spec.id);
        runtime.start(spec.id);
        CHECK(fixture.state(spec.id) == MachineState::running);
        REQUIRE(fixture.qemus().size() == 1);
        const hvruntime::MachineStatus status = runtime.status(spec.id);
        CHECK(status.process == fixture.qemus().front().process);
        for (const auto& path : {status.paths.qmp_socket(), status.paths.console_socket(),
                                 status.paths.guest_socket(), status.paths.nic_socket(0)}) {
            CHECK(std::filesystem::is_socket(path));
        }
        CHECK(tests::error_of([&] { runtime.destroy(spec.id); }).kind() ==
              base::ErrorKind::conflict);
        runtime.stop(spec.id, round == 0 ? 0ms : 100ms);
        runtime.stop(spec.id, 100ms);
        CHECK(fixture.state(spec.id) == MachineState::stopped);
        CHECK(fixture.exit_reason(spec.id) == "host-quit");
        CHECK(fixture.qemus().empty());
        CHECK_FALSE(std::filesystem::exists(status.paths.run_folder));
    }
    runtime.start(spec.id);
    runtime.kill(spec.id);
    CHECK(fixture.exit_reason(spec.id) == "killed");
    CHECK(fixture.qemus().empty());
    runtime.destroy(spec.id);
    runtime.destroy(spec.id);
    CHECK_FALSE(runtime.find_status(spec.id));
    CHECK(std::filesystem::is_empty(fixture.data_dir() / "machines"));
    CHECK(std::filesystem::is_empty(fixture.run_dir() / "m"));
}

// Thin clones of one image run at the same time, and nothing writes to the image.
inline void check_shared_base(MachineFixture& fixture) {
    using hvruntime::DiskBus;
    const auto image = fixture.data_dir() / "disk,1.raw";
    const std::string content(std::size_t{1} << 20U, 'x');
    base::write_file(image, content, 0400);
    std::vector<std::string> ids;
    for (const DiskBus bus : {DiskBus::virtio_blk, DiskBus::virtio_scsi, DiskBus::sata}) {
        hvruntime::MachineSpec spec = small_machine(std::string(to_string(bus)));
        spec.disks = {{.id = "root", .base = image, .capacity_bytes = base::kGiB, .bus = bus}};
        fixture.runtime->create(spec);
        fixture.runtime->start(spec.id);
        ids.push_back(spec.id);
    }
    CHECK(fixture.qemus().size() == ids.size());
    for (const std::string& id : ids) {
        CHECK(fixture.state(id) == hvruntime::MachineState::running);
        fixture.runtime->kill(id);
    }
    CHECK(base::read_file(image) == content);
}

inline void check_adoption(MachineFixture& fixture) {
    using hvruntime::MachineState;
    const hvruntime::MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    fixture.runtime->start(spec.id);
    const auto process = fixture.runtime->status(spec.id).process;

    fixture.restart_daemon();
    CHECK(fixture.runtime->adopt() == std::vector<std::string>{spec.id});
    CHECK(fixture.state(spec.id) == MachineState::running);
    CHECK(fixture.runtime->status(spec.id).process == process);
    // It is under control again, not only seen.
    fixture.runtime->stop(spec.id, std::chrono::milliseconds(0));
    CHECK(fixture.state(spec.id) == MachineState::stopped);
    CHECK(fixture.exit_reason(spec.id) == "host-quit");
    CHECK(fixture.qemus().empty());
}

// QEMU is killed by someone else: noticed without being asked, and told.
inline void check_crash_is_noticed(MachineFixture& fixture, bool adopted) {
    using hvruntime::MachineState;
    const hvruntime::MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    fixture.runtime->start(spec.id);
    if (adopted) {
        fixture.restart_daemon();
        fixture.runtime->adopt();
    }
    const auto process = fixture.runtime->status(spec.id).process;
    REQUIRE(process);
    base::send_signal(*process, SIGKILL);
    CHECK(eventually([&] { return fixture.state(spec.id) == MachineState::crashed; }));
    CHECK(fixture.exit_reason(spec.id) == "failed");
    fixture.runtime->start(spec.id);
    CHECK(fixture.state(spec.id) == MachineState::running);
    fixture.runtime->kill(spec.id);
}

}  // namespace tests
