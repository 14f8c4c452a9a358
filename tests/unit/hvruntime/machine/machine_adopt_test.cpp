// SPDX-License-Identifier: Apache-2.0
// What a daemon finds that was killed at some moment of another one's work.
#include "hvruntime/machine/machine_record.h"
#include "hvruntime/machine/qemu_args.h"
#include "hvruntime/machine/qemu_process.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/machine_contract.h"
#include "tests/support/machine_fixture.h"

using hvruntime::MachinePaths;
using hvruntime::MachinePhase;
using hvruntime::MachineSpec;
using hvruntime::MachineState;
using tests::eventually;
using tests::MachineFixture;
using tests::small_machine;
using namespace std::chrono_literals;  // NOLINT: a test file
namespace fs = std::filesystem;

namespace {

// As Machine::start() does, up to the moment at which the daemon is killed.
base::ProcessId spawn_unrecorded(MachineFixture& fixture, const MachineSpec& spec) {
    const MachinePaths paths = fixture.runtime->paths(spec.id);
    base::make_dirs(paths.run_folder, 0700);
    hvruntime::write_machine_record(
        paths, {.phase = MachinePhase::starting, .boot_id = hvruntime::host_boot_id()});
    base::Command command{.argv = qemu_args(spec, paths, hvruntime::Accel::tcg)};
    command.argv.insert(command.argv.begin(), tests::fake_qemu());
    return base::spawn_detached(command, paths.qemu_log());
}

}  // namespace

TEST_CASE("a new daemon takes over running machines", "[hvruntime][machine]") {
    MachineFixture fixture(GENERATE(tests::fake_qemu(), std::string()));
    tests::check_adoption(fixture);
}

TEST_CASE("a QEMU that was spawned but not recorded is found and taken over",
          "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    const base::ProcessId process = spawn_unrecorded(fixture, spec);
    fixture.restart_daemon();
    CHECK(fixture.runtime->adopt() == std::vector<std::string>{spec.id});
    CHECK(fixture.runtime->status(spec.id).process == process);
    CHECK(fixture.state(spec.id) == MachineState::running);
    fixture.runtime->start(spec.id);
    CHECK(fixture.qemus().size() == 1);
    fixture.runtime->kill(spec.id);
    CHECK(fixture.qemus().empty());
}

TEST_CASE("a QEMU that shows up only after the adoption is ended by destroy and by start",
          "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const bool start = GENERATE(false, true);
    const MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    hvruntime::write_machine_record(
        fixture.runtime->paths(spec.id),
        {.phase = MachinePhase::starting, .boot_id = hvruntime::host_boot_id()});
    fixture.restart_daemon();
    CHECK(fixture.runtime->adopt().empty());
    const base::ProcessId late = spawn_unrecorded(fixture, spec);
    REQUIRE(eventually([&] { return fixture.qemus().size() == 1; }));
    if (start) {
        fixture.runtime->start(spec.id);
        CHECK(fixture.qemus().size() == 1);
    } else {
        fixture.runtime->destroy(spec.id);
        CHECK(fixture.qemus().empty());
    }
    CHECK_FALSE(base::is_alive(late));
}

TEST_CASE("a QEMU that was spawned but never answers is ended", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    fixture.order("silent-qmp");
    const MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    spawn_unrecorded(fixture, spec);
    fixture.adopt_limit = 200ms;
    fixture.restart_daemon();
    CHECK(fixture.runtime->adopt().empty());
    CHECK(fixture.qemus().empty());
    CHECK(fixture.state(spec.id) == MachineState::crashed);
}

TEST_CASE("the QEMU of a machine that no longer exists is ended", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    fixture.runtime->start(spec.id);
    fixture.runtime.reset();
    base::remove_all(fixture.data_dir() / "machines" / spec.id);
    fixture.restart_daemon();
    CHECK(fixture.runtime->adopt().empty());
    CHECK(fixture.qemus().empty());
    CHECK(fs::is_empty(fixture.run_dir() / "m"));
}

TEST_CASE("QEMUs of another data folder are left alone", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    MachineFixture other(tests::fake_qemu());
    const MachineSpec spec = small_machine("db");
    other.runtime->create(spec);
    other.runtime->start(spec.id);
    CHECK(fixture.runtime->adopt().empty());
    CHECK(other.qemus().size() == 1);
    CHECK(fixture.qemus().empty());
}

TEST_CASE("a machine that ended while no daemon watched is stopped", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    fixture.runtime->start(spec.id);
    const auto process = fixture.runtime->status(spec.id).process;
    fixture.runtime.reset();
    base::stop_process(*process, 0ms);
    fixture.restart_daemon();
    CHECK(fixture.runtime->adopt().empty());
    CHECK(fixture.state(spec.id) == MachineState::stopped);
    CHECK(fixture.exit_reason(spec.id) == "unknown");
    fixture.runtime->start(spec.id);
    CHECK(fixture.state(spec.id) == MachineState::running);
}

TEST_CASE("after a reboot of the host a recorded pid means nothing", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    const auto ourselves = base::find_process(::getpid());
    hvruntime::write_machine_record(
        fixture.runtime->paths(spec.id),
        {.phase = MachinePhase::running, .process = *ourselves, .boot_id = "another boot"});
    fixture.restart_daemon();
    CHECK(fixture.runtime->adopt().empty());
    CHECK(fixture.state(spec.id) == MachineState::stopped);
    CHECK(fixture.exit_reason(spec.id) == "host-down");
}

TEST_CASE("half-made and half-removed machines are swept", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    base::make_dirs(fixture.data_dir() / "machines" / ".new-0123456789ab-0000" / "x");
    base::make_dirs(fixture.data_dir() / "machines" / ".gone-0123456789ab-0000");
    base::make_dirs(fixture.run_dir() / "m" / "0123456789ab");
    fixture.runtime->adopt();
    CHECK(fs::is_empty(fixture.data_dir() / "machines"));
    CHECK(fs::is_empty(fixture.run_dir() / "m"));
}

TEST_CASE("one damaged machine is left alone and does not keep the others from being adopted",
          "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const MachineSpec good = small_machine("good");
    const MachineSpec bad = small_machine("bad");
    fixture.runtime->create(good);
    fixture.runtime->create(bad);
    fixture.runtime->start(good.id);
    fixture.runtime->start(bad.id);
    base::write_file(fixture.runtime->paths(bad.id).spec(), "{", 0600);
    fixture.restart_daemon();
    CHECK(fixture.runtime->adopt() == std::vector<std::string>{good.id});
    CHECK(fixture.qemus().size() == 2);
}
