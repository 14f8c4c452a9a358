// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/disk_copies.h"

#include <fmt/format.h>

#include "hvruntime/images/qcow2_overlay.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/machine_contract.h"
#include "tests/support/machine_fixture.h"
#include "tests/support/shell.h"

using base::ErrorKind;
using base::Json;
using hvruntime::DiskCopyProgress;
using hvruntime::MachineSpec;
using tests::eventually;
using tests::MachineFixture;
using tests::shell;
using tests::small_machine;
using namespace std::chrono_literals;  // NOLINT: a test file
namespace fs = std::filesystem;

namespace {

// A machine with a disk over an image and a blank one, both with something on them.
MachineSpec written_machine(MachineFixture& fixture) {
    const fs::path image = fixture.data_dir() / "image.raw";
    base::write_file(image, std::string(std::size_t{1} << 20U, 'x'), 0400);
    MachineSpec spec = small_machine("db");
    spec.disks = {{.id = "root", .base = image, .capacity_bytes = 64 * base::kMiB},
                  {.id = "data", .capacity_bytes = base::kGiB}};
    fixture.runtime->create(spec);
    const fs::path folder = fixture.runtime->paths(spec.id).folder;
    shell(
        "qemu-io -f qcow2 -c 'write -P 1 64k 128k' -c 'write -z 256k 64k' root.qcow2 >/dev/null\n"
        "qemu-io -f qcow2 -c 'write -P 2 700M 1M' data.qcow2 >/dev/null",
        folder);
    return spec;
}

fs::path make_folder(const MachineFixture& fixture) {
    const fs::path folder = fixture.data_dir() / "copies";
    base::make_dirs(folder);
    return folder;
}

bool same_disk(const fs::path& disk, const fs::path& other) {
    return base::run(base::Command{.argv = {"qemu-img", "compare", "-q", "-f", "qcow2", "-F",
                                            "qcow2", disk.string(), other.string()}})
               .status == 0;
}

// A QEMU without a machine, with one disk, that obeys the tests alone.
class BareQemu {
  public:
    BareQemu(const fs::path& folder, const std::vector<std::string>& nodes) {
        const fs::path socket = folder / "qmp.sock";
        base::Command command{.argv = {"qemu-system-x86_64", "-machine", "none", "-nodefaults",
                                       "-display", "none", "-qmp",
                                       fmt::format("unix:{},server=on,wait=off", socket.string())}};
        for (const std::string& node : nodes) {
            command.argv.insert(command.argv.end(), {"-blockdev", node});
        }
        process_ = base::spawn_detached(command, folder / "qemu.log");
        base::UniqueFd fd;
        REQUIRE(eventually([&] { return bool(fd = hvruntime::try_connect_unix(socket)); }));
        qmp = std::make_unique<hvruntime::QmpClient>(std::move(fd), 20s);
    }
    BareQemu(const BareQemu&) = delete;
    BareQemu& operator=(const BareQemu&) = delete;
    ~BareQemu() { base::stop_process(process_, 0ms); }
    void io(const std::string& command) const {
        qmp->execute("human-monitor-command",
                     Json{{"command-line", fmt::format("qemu-io root \"{}\"", command)}}, 20s);
    }
    std::unique_ptr<hvruntime::QmpClient> qmp;

  private:
    base::ProcessId process_;
};

}  // namespace

TEST_CASE("disks are copied while their machine runs", "[hvruntime][machine]") {
    MachineFixture fixture(GENERATE(tests::fake_qemu(), std::string()));
    const MachineSpec spec = written_machine(fixture);
    const fs::path folder = make_folder(fixture);
    hvruntime::MachineRuntime& runtime = *fixture.runtime;
    CHECK(runtime.paths(spec.id).overlay("root").filename() == "root.qcow2");
    runtime.start(spec.id);
    const auto process = runtime.status(spec.id).process;
    runtime.begin_copies(spec.id, folder);
    DiskCopyProgress progress;
    CHECK(eventually([&] { return (progress = runtime.copies_progress(spec.id)).ended; }));
    CHECK(progress.error.empty());
    CHECK(progress.done_bytes == progress.total_bytes);
    CHECK(progress.total_bytes > 0);
    CHECK(tests::error_of([&] { runtime.begin_copies(spec.id, folder); }).kind() ==
          ErrorKind::conflict);  // the files are there
    runtime.end_copies(spec.id);
    runtime.end_copies(spec.id);
    CHECK(runtime.copies_progress(spec.id).total_bytes == 0);
    CHECK(runtime.status(spec.id).process == process);

    // QEMU has let go of the files: they can be had again.
    base::remove_all(folder / "root.qcow2");
    base::remove_all(folder / "data.qcow2");
    runtime.begin_copies(spec.id, folder);
    CHECK(eventually([&] { return runtime.copies_progress(spec.id).ended; }));
    runtime.end_copies(spec.id);
    runtime.kill(spec.id);
    for (const char* disk : {"root", "data"}) {
        CHECK(same_disk(runtime.paths(spec.id).overlay(disk),
                        folder / fmt::format("{}.qcow2", disk)));
    }
    runtime.end_copies(spec.id);
    const auto error = tests::error_of([&] { runtime.begin_copies(spec.id, folder); });
    CHECK(error.kind() == ErrorKind::conflict);
    CHECK(error.message() == "copying the disks of machine 'db': it does not run");
    CHECK(tests::error_of([&] { runtime.copies_progress(spec.id); }).kind() == ErrorKind::external);
}

TEST_CASE("a copy shows its moment, whatever is written after it", "[hvruntime][machine]") {
    const base::TempDir dir;
    base::write_file(dir.path() / "base.raw", std::string(std::size_t{8} << 20U, 'x'), 0400);
    hvruntime::create_overlay(dir.path() / "root.qcow2", {.base = dir.path() / "base.raw"});
    hvruntime::create_overlay(dir.path() / "copy.qcow2", {.base = dir.path() / "base.raw"});
    const auto file = [&](const char* node, const char* name, bool read_only) {
        return base::to_json_text(Json{{"driver", "file"},
                                       {"node-name", node},
                                       {"filename", (dir.path() / name).string()},
                                       {"read-only", read_only}});
    };
    const BareQemu qemu(
        dir.path(),
        {file("root-base-file", "base.raw", true),
         R"({"driver":"raw","node-name":"root-base","file":"root-base-file","read-only":true})",
         file("root-file", "root.qcow2", false),
         R"({"driver":"qcow2","node-name":"root","file":"root-file","backing":"root-base",)"
         R"("discard":"unmap"})"});
    qemu.io("write -P 1 0 4M");
    qemu.io("write -z 5M 1M");
    qemu.io("discard 6M 1M");
    qemu.io("flush");
    shell("cp root.qcow2 expected.qcow2", dir.path());
    hvruntime::begin_disk_copies(
        *qemu.qmp,
        {{.disk = "root", .base = dir.path() / "base.raw", .file = dir.path() / "copy.qcow2"}});
    for (const char* write : {"write -P 9 0 64k", "write -P 9 3M 2M", "write -P 9 5M 64k",
                              "write -P 9 7M 64k", "discard 1M 1M", "flush"}) {
        qemu.io(write);
    }
    DiskCopyProgress progress;
    CHECK(eventually([&] { return (progress = query_disk_copies(*qemu.qmp)).ended; }));
    CHECK(progress.error.empty());
    hvruntime::end_disk_copies(*qemu.qmp);
    CHECK(same_disk(dir.path() / "expected.qcow2", dir.path() / "copy.qcow2"));
    // What was discarded or zeroed before does not show the base.
    shell(
        "qemu-io -r -f qcow2 -c 'read -P 0 5M 2M' copy.qcow2 | grep -q '^read' &&\n"
        "! qemu-io -r -f qcow2 -c 'read -P 0 5M 2M' copy.qcow2 | grep -q 'verification failed'",
        dir.path());
}

TEST_CASE("a copy that a daemon left behind is cancelled by the next", "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const MachineSpec spec = written_machine(fixture);
    const fs::path folder = make_folder(fixture);
    fixture.order("copy-ms=600000");
    fixture.runtime->start(spec.id);
    fixture.runtime->begin_copies(spec.id, folder);
    CHECK_FALSE(fixture.runtime->copies_progress(spec.id).ended);
    const auto busy = tests::error_of([&] { fixture.runtime->begin_copies(spec.id, folder); });
    CHECK(busy.kind() == ErrorKind::conflict);
    CHECK(busy.message().find("are being copied already") != std::string::npos);
    fixture.restart_daemon();
    fixture.runtime->adopt();
    CHECK_FALSE(fixture.runtime->copies_progress(spec.id).ended);
    fixture.runtime->end_copies(spec.id);
    CHECK(fixture.runtime->copies_progress(spec.id).total_bytes == 0);
    CHECK(fixture.state(spec.id) == hvruntime::MachineState::running);
}

TEST_CASE("a copy that fails says why, and one of a machine that dies too",
          "[hvruntime][machine]") {
    MachineFixture fixture(tests::fake_qemu());
    const MachineSpec spec = written_machine(fixture);
    const fs::path folder = make_folder(fixture);
    fixture.order("copy-fails");
    fixture.runtime->start(spec.id);
    fixture.runtime->begin_copies(spec.id, folder);
    DiskCopyProgress progress;
    CHECK(eventually([&] { return (progress = fixture.runtime->copies_progress(spec.id)).ended; }));
    CHECK(progress.error == "No space left on device");
    fixture.runtime->kill(spec.id);
    const auto error = tests::error_of([&] { fixture.runtime->copies_progress(spec.id); });
    CHECK(error.kind() == ErrorKind::external);
    CHECK(error.message() == "machine 'db' has ended");
    CHECK(tests::error_of([&] { fixture.runtime->begin_copies("nobody", folder); }).kind() ==
          ErrorKind::not_found);
}

TEST_CASE("a disk must not be called as copies are", "[hvruntime][machine]") {
    MachineSpec spec = small_machine("db");
    spec.disks.front().id = "muster-copy-0";
    CHECK(tests::error_of([&] { hvruntime::check_machine_spec(spec); }).kind() ==
          ErrorKind::invalid_input);
}
