// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/qemu_args.h"

#include <cstdlib>

#include "base/file.h"
#include "base/process.h"
#include "tests/support/catch.h"
#include "tests/support/machine_examples.h"

using hvruntime::Accel;
using hvruntime::MachineSpec;

namespace {

// One argument per line; an option and its value on one line.
std::string to_text(const std::vector<std::string>& args) {
    std::string text;
    for (std::size_t i = 0; i < args.size(); ++i) {
        text += args[i];
        const bool value_follows =
            args[i].starts_with('-') && i + 1 < args.size() && !args[i + 1].starts_with('-');
        text += value_follows ? ' ' : '\n';
    }
    return text;
}

void check_golden(const std::string& name, const std::string& text) {
    const std::filesystem::path path =
        std::filesystem::path(MUSTER_SOURCE_DIR) / "tests/data/hvruntime/qemu_args" / name;
    if (std::getenv("ACCEPT") != nullptr) {
        base::make_dirs(path.parent_path());
        base::write_file(path, text);
    }
    CHECK(base::read_file(path) == text);
}

hvruntime::MachinePaths example_paths() {
    return hvruntime::machine_paths("/data,1", "/run,1", "0123456789ab");
}

}  // namespace

TEST_CASE("a machine with one of everything has the expected QEMU arguments",
          "[hvruntime][machine]") {
    check_golden("full.tcg.txt",
                 to_text(qemu_args(tests::full_machine(), example_paths(), Accel::tcg)));
}

TEST_CASE("a machine that boots from its disk under KVM has the expected QEMU arguments",
          "[hvruntime][machine]") {
    MachineSpec spec = tests::full_machine();
    spec.disks.resize(1);
    spec.nics.clear();
    spec.config_iso.reset();
    spec.kernel.clear();
    spec.initrd.clear();
    spec.cmdline.clear();
    check_golden("disk_boot.kvm.txt", to_text(qemu_args(spec, example_paths(), Accel::kvm)));
}

TEST_CASE("a machine that boots by UEFI has the firmware's two flash chips",
          "[hvruntime][machine]") {
    MachineSpec spec = tests::small_machine("uefi");
    spec.id = "0123456789ab";
    spec.firmware = hvruntime::Firmware::efi;
    check_golden("efi.tcg.txt", to_text(qemu_args(spec, example_paths(), Accel::tcg,
                                                  "/firmware,1/OVMF_CODE_4M.fd")));
}

TEST_CASE("no argument leaves a disk format to QEMU's guess", "[hvruntime][machine]") {
    for (const std::string& word : qemu_args(tests::full_machine(), example_paths(), Accel::tcg)) {
        CHECK(word != "-drive");
        CHECK(word != "-hda");
        CHECK(word != "-cdrom");
        if (word.starts_with('{')) {
            CHECK(base::parse_json(word, "blockdev").contains("driver"));
        }
    }
}

TEST_CASE("a machine's UUID is stable and well formed", "[hvruntime][machine]") {
    const std::string uuid = hvruntime::make_machine_uuid("0123456789ab");
    CHECK(uuid == hvruntime::make_machine_uuid("0123456789ab"));
    CHECK(uuid != hvruntime::make_machine_uuid("0123456789ac"));
    CHECK(uuid.size() == 36);
    CHECK(uuid[14] == '8');
}
