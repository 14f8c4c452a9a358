// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/machine_runtime.h"

#include <sys/stat.h>
#include <atomic>
#include <thread>

#include "hvruntime/machine/efi_firmware.h"
#include "hvruntime/qmp/qmp_client.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/machine_contract.h"
#include "tests/support/machine_fixture.h"

using base::ErrorKind;
using hvruntime::MachineSpec;
using hvruntime::MachineState;
using tests::eventually;
using tests::MachineFixture;
using tests::small_machine;
using namespace std::chrono_literals;  // NOLINT: a test file
namespace fs = std::filesystem;

TEST_CASE("a machine is made, started, stopped, killed and destroyed", "[hvruntime][machine]") {
    MachineFixture fixture(GENERATE(tests::fake_qemu(), std::string()));
    tests::check_whole_life(fixture);
}

TEST_CASE("machines with one base disk run side by side", "[hvruntime][machine]") {
    MachineFixture fixture(GENERATE(tests::fake_qemu(), std::string()));
    tests::check_shared_base(fixture);
}

TEST_CASE("a machine that boots by UEFI keeps the variables of its firmware",
          "[hvruntime][machine]") {
    MachineFixture fixture(GENERATE(tests::fake_qemu(), std::string()));
    MachineSpec spec = small_machine("uefi");
    spec.firmware = hvruntime::Firmware::efi;
    spec.memory_bytes = 128 * base::kMiB;
    fixture.runtime->create(spec);
    const fs::path variables = fixture.runtime->paths(spec.id).efi_variables();
    CHECK(base::read_file(variables) == base::read_file(hvruntime::find_efi_firmware().variables));
    fixture.runtime->start(spec.id);
    CHECK(fixture.state(spec.id) == MachineState::running);
    fixture.runtime->kill(spec.id);
    CHECK(fs::exists(variables));
    fixture.runtime->destroy(spec.id);
    CHECK_FALSE(fs::exists(variables));
}

TEST_CASE("a host without UEFI firmware is told what to install", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    ::setenv("MUSTER_OVMF_DIR", "/nonexistent", 1);
    const base::ScopeExit restore([] { ::unsetenv("MUSTER_OVMF_DIR"); });
    MachineSpec spec = small_machine("uefi");
    spec.firmware = hvruntime::Firmware::efi;
    const auto error = tests::error_of([&] { fixture.runtime->create(spec); });
    CHECK(error.kind() == ErrorKind::environment);
    CHECK(error.message().find("/nonexistent/OVMF_CODE_4M.fd") != std::string::npos);
    CHECK(error.hint() == "install it: apt-get install ovmf");
    CHECK(fs::is_empty(fixture.data_dir() / "machines"));
}

TEST_CASE("a QEMU that dies by itself is noticed and can be started again",
          "[hvruntime][machine]") {
    MachineFixture fixture(GENERATE(tests::fake_qemu(), std::string()));
    tests::check_crash_is_noticed(fixture, GENERATE(false, true));
}

TEST_CASE("a machine that belongs to its starter ends with it", "[hvruntime][machine]") {
    MachineFixture fixture(GENERATE(tests::fake_qemu(), std::string()));
    hvruntime::RuntimeSettings settings = fixture.settings();
    settings.end_with_starter = true;
    hvruntime::MachineRuntime runtime(settings);
    const MachineSpec spec = small_machine("db");
    runtime.create(spec);
    std::thread starter([&] {
        runtime.start(spec.id);
        CHECK(runtime.status(spec.id).state == MachineState::running);
        CHECK(fixture.qemus().size() == 1);
    });
    starter.join();
    CHECK(eventually([&] { return runtime.status(spec.id).state == MachineState::crashed; }));
    CHECK(fixture.qemus().empty());
    runtime.start(spec.id);
    CHECK(runtime.status(spec.id).state == MachineState::running);
    runtime.kill(spec.id);
}

TEST_CASE("stop presses the power button and lets the guest go down", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    fixture.runtime->start(spec.id);
    const auto started = std::chrono::steady_clock::now();
    fixture.runtime->stop(spec.id, 60s);
    CHECK(std::chrono::steady_clock::now() - started < 30s);
    CHECK(fixture.exit_reason(spec.id) == "host-quit");
}

TEST_CASE("a guest that ignores its power button loses its power", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    fixture.order("ignore-powerdown");
    const MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    fixture.runtime->start(spec.id);
    fixture.runtime->stop(spec.id, 100ms);
    CHECK(fixture.state(spec.id) == MachineState::stopped);
    CHECK(fixture.qemus().empty());
}

TEST_CASE("a QEMU that crashes at start is told with its last words", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    fixture.order("crash-at-start");
    const MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    const auto error = tests::error_of([&] { fixture.runtime->start(spec.id); });
    CHECK(error.kind() == ErrorKind::external);
    CHECK(error.message().find("told to crash") != std::string::npos);
    CHECK(error.message().starts_with("machine 'db': "));
    CHECK(error.hint().find(fixture.runtime->paths(spec.id).qemu_log().string()) !=
          std::string::npos);
    CHECK(fixture.state(spec.id) == MachineState::crashed);
    CHECK_FALSE(fs::exists(fixture.runtime->paths(spec.id).run_folder));
    fixture.order("");
    fixture.runtime->start(spec.id);
    CHECK(fixture.state(spec.id) == MachineState::running);
}

TEST_CASE("a QEMU that does not become ready is killed at the limit", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    fixture.order(GENERATE("hang-at-start", "silent-qmp"));
    hvruntime::RuntimeSettings settings = fixture.settings();
    settings.start_limit = 300ms;
    hvruntime::MachineRuntime runtime(settings);
    const MachineSpec spec = small_machine("db");
    runtime.create(spec);
    CHECK(tests::error_of([&] { runtime.start(spec.id); }).kind() == ErrorKind::timeout);
    CHECK(fixture.qemus().empty());
    CHECK(runtime.status(spec.id).state == MachineState::crashed);
}

TEST_CASE("a missing QEMU is an environment error that says what to install",
          "[hvruntime][machine]") {
    MachineFixture fixture("no-such-qemu");
    const MachineSpec spec = small_machine("db");
    fixture.runtime->create(spec);
    const auto error = tests::error_of([&] { fixture.runtime->start(spec.id); });
    CHECK(error.kind() == ErrorKind::environment);
    CHECK(error.hint() == "install it: apt-get install qemu-system-x86");
    CHECK(fixture.state(spec.id) == MachineState::stopped);
}

TEST_CASE("a guest that powers off or panics by itself is told apart", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    std::atomic<int> changes = 0;
    hvruntime::RuntimeSettings settings = fixture.settings();
    settings.on_change = [&](const hvruntime::MachineStatus&) { ++changes; };
    hvruntime::MachineRuntime runtime(settings);
    const MachineSpec spec = small_machine("db");
    runtime.create(spec);

    runtime.start(spec.id);
    fixture.order("poweroff");
    CHECK(eventually([&] { return changes == 1; }));
    CHECK(runtime.status(spec.id).state == MachineState::stopped);
    CHECK(runtime.status(spec.id).exit->reason == "guest-shutdown");

    fixture.order("");
    runtime.start(spec.id);
    fixture.order("panic");
    CHECK(eventually([&] { return changes == 2; }));
    CHECK(runtime.status(spec.id).state == MachineState::crashed);
    CHECK(runtime.status(spec.id).exit->reason == "guest-panic");
}

TEST_CASE("the listener may stop machines and is not called from inside their QMP thread",
          "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const MachineSpec one = small_machine("one");
    const MachineSpec two = small_machine("two");
    hvruntime::MachineRuntime* self = nullptr;
    std::atomic<bool> stopped = false;
    hvruntime::RuntimeSettings settings = fixture.settings();
    settings.on_change = [&](const hvruntime::MachineStatus& status) {
        if (status.id == one.id) {
            self->stop(two.id, 0ms);
            self->destroy(one.id);
            stopped = true;
        }
    };
    hvruntime::MachineRuntime runtime(settings);
    self = &runtime;
    runtime.create(one);
    runtime.create(two);
    runtime.start(one.id);
    runtime.start(two.id);
    base::send_signal(*runtime.status(one.id).process, SIGKILL);
    CHECK(eventually([&] { return stopped.load(); }));
    CHECK(runtime.status(two.id).state == MachineState::stopped);
    CHECK_FALSE(runtime.find_status(one.id));
}

TEST_CASE("create is all or nothing and refuses another spec under the same id",
          "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    MachineSpec spec = small_machine("db");
    spec.disks.push_back({.id = "disk1", .base = "/nonexistent/disk.raw"});
    const auto missing = tests::error_of([&] { fixture.runtime->create(spec); });
    CHECK(missing.kind() == ErrorKind::not_found);
    CHECK(missing.message().starts_with("making machine 'db': disk 'disk1': "));
    CHECK(fs::is_empty(fixture.data_dir() / "machines"));
    CHECK_FALSE(fixture.runtime->find_status(spec.id));
    spec.disks.pop_back();
    fixture.runtime->create(spec);
    struct stat info {};
    REQUIRE(::stat(fixture.runtime->paths(spec.id).spec().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
    spec.cpus = 2;
    CHECK(tests::error_of([&] { fixture.runtime->create(spec); }).kind() == ErrorKind::conflict);
    CHECK(fixture.runtime->spec(spec.id).cpus == 1);
}

TEST_CASE("a run folder with a long path is refused before anything is made",
          "[hvruntime][machine]") {
    const base::TempDir dir;
    hvruntime::MachineRuntime runtime({.data_dir = dir.path() / "data",
                                       .run_dir = dir.path() / std::string(100, 'r'),
                                       .accel = {}});
    const auto error = tests::error_of([&] { runtime.create(small_machine("db")); });
    CHECK(error.kind() == ErrorKind::environment);
    CHECK(fs::is_empty(dir.path() / "data" / "machines"));
}

TEST_CASE("unknown machines are not found, but destroying them is fine", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    CHECK(tests::error_of([&] { fixture.runtime->start("x"); }).kind() == ErrorKind::not_found);
    CHECK(tests::error_of([&] { fixture.runtime->status("x"); }).kind() == ErrorKind::not_found);
    CHECK_FALSE(fixture.runtime->find_status("x"));
    CHECK_NOTHROW(fixture.runtime->destroy("x"));
}

TEST_CASE("machines are listed by deployment and name", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    for (const std::string name : {"web", "app", "db"}) {
        fixture.runtime->create(small_machine(name));
    }
    MachineSpec other = small_machine("zz");
    other.deployment = "a";
    fixture.runtime->create(other);
    std::string names;
    for (const hvruntime::MachineStatus& status : fixture.runtime->list()) {
        names += status.deployment + "/" + status.name + " ";
    }
    CHECK(names == "a/zz test/app test/db test/web ");
}

TEST_CASE("many machines start and stop side by side", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    std::vector<std::string> ids;
    for (int i = 0; i < 8; ++i) {
        const MachineSpec spec = small_machine("m" + std::to_string(i));
        fixture.runtime->create(spec);
        ids.push_back(spec.id);
    }
    std::atomic<bool> done = false;
    std::jthread reader([&] {
        while (!done) {
            fixture.runtime->list();
        }
    });
    {
        std::vector<std::jthread> threads;
        for (const std::string& id : ids) {
            threads.emplace_back([&fixture, id] {
                for (int round = 0; round < 2; ++round) {
                    fixture.runtime->start(id);
                    fixture.runtime->stop(id, 5s);
                }
            });
        }
    }
    done = true;
    for (const std::string& id : ids) {
        CHECK(fixture.exit_reason(id) == "host-quit");
    }
    CHECK(fixture.qemus().empty());
}

TEST_CASE("the configuration CD-ROM is made anew at each start", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    MachineSpec spec = small_machine("db");
    spec.config_iso = hvruntime::ConfigIso{.files = {{"ovf-env.xml", "the environment"}}};
    fixture.runtime->create(spec);
    const fs::path iso = fixture.runtime->paths(spec.id).config_iso();
    CHECK_FALSE(fs::exists(iso));
    fixture.runtime->start(spec.id);
    CHECK(base::read_file(iso).find("the environment") != std::string::npos);
    fixture.runtime->kill(spec.id);
    base::write_file(iso, "damaged", 0600);
    fixture.runtime->start(spec.id);
    CHECK(base::read_file(iso).find("the environment") != std::string::npos);
}
