// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/machine_spec.h"

#include "hvruntime/machine/machine_paths.h"
#include "tests/support/catch.h"
#include "tests/support/machine_examples.h"

using base::ErrorKind;
using hvruntime::check_machine_spec;
using hvruntime::MachineSpec;

TEST_CASE("a machine spec survives the way through JSON", "[hvruntime][machine]") {
    const MachineSpec spec = tests::full_machine();
    const std::string text = base::to_json_text(to_json(spec));
    const MachineSpec again = hvruntime::parse_machine_spec(base::parse_json(text, "test"));
    CHECK(base::to_json_text(to_json(again)) == text);
    CHECK(again.disks.at(2).bus == hvruntime::DiskBus::sata);
    CHECK(again.nics.at(1).model == hvruntime::NicModel::e1000);
    CHECK(again.config_iso->files.at(0).content == "<Environment/>");
    CHECK(again.config_iso->files.at(0).mode == 0400);
}

TEST_CASE("a machine may have somebody's CD", "[hvruntime][machine]") {
    MachineSpec spec = tests::full_machine();
    CHECK_FALSE(to_json(spec).contains("cdrom"));
    spec.cdrom = "/a/debian.iso";
    CHECK(hvruntime::parse_machine_spec(to_json(spec)).cdrom == "/a/debian.iso");
}

TEST_CASE("a stored spec with a base that is not raw is refused", "[hvruntime][machine]") {
    base::Json json = to_json(tests::full_machine());
    json["disks"][0]["base_format"] = "qcow2";
    const auto error = tests::error_of([&] { hvruntime::parse_machine_spec(json); });
    CHECK(error.kind() == ErrorKind::invalid_input);
    CHECK(error.message() == "machine specification: 'base_format' is not raw");
}

TEST_CASE("a stored spec with a missing or mistyped key is refused", "[hvruntime][machine]") {
    for (const std::string key : {"id", "cpus", "disks", "nics", "firmware", "cmdline"}) {
        base::Json json = to_json(tests::full_machine());
        json.erase(key);
        CHECK(tests::error_of([&] { hvruntime::parse_machine_spec(json); }).kind() ==
              ErrorKind::invalid_input);
        json[key] = nullptr;
        CHECK(tests::error_of([&] { hvruntime::parse_machine_spec(json); }).kind() ==
              ErrorKind::invalid_input);
    }
}

TEST_CASE("machine ids are stable and tell deployment and machine apart", "[hvruntime][machine]") {
    CHECK(hvruntime::make_machine_id("shop", "db") == hvruntime::make_machine_id("shop", "db"));
    CHECK(hvruntime::make_machine_id("shop", "db") != hvruntime::make_machine_id("sho", "pdb"));
    CHECK(hvruntime::make_machine_id("shop", "db").size() == 12);
}

TEST_CASE("specs that cannot be run are refused by name", "[hvruntime][machine]") {
    struct Case {
        std::function<void(MachineSpec&)> damage;
        ErrorKind kind;
        std::string message;
    };
    const std::vector<Case> cases{
        {[](MachineSpec& s) { s.id = "../../etc"; }, ErrorKind::invalid_input,
         "machine 'db': the id '../../etc' is not 12 hex digits"},
        {[](MachineSpec& s) { s.cpus = 0; }, ErrorKind::invalid_input,
         "machine 'db': 0 CPUs are not possible"},
        {[](MachineSpec& s) { s.memory_bytes = 1; }, ErrorKind::invalid_input,
         "machine 'db': 1 B of memory are too little"},
        {[](MachineSpec& s) { s.kernel.clear(); }, ErrorKind::invalid_input,
         "machine 'db': an initrd or a command line without a kernel"},
        {[](MachineSpec& s) { s.disks[1].id = "disk0"; }, ErrorKind::invalid_input,
         "machine 'db': the disk id 'disk0' is not a plain name or is used twice"},
        {[](MachineSpec& s) { s.disks[1].id = "../x"; }, ErrorKind::invalid_input,
         "machine 'db': the disk id '../x' is not a plain name or is used twice"},
        {[](MachineSpec& s) { s.disks[0].serial = "a,drive=b"; }, ErrorKind::invalid_input,
         "machine 'db': disk 'disk0' has the unusable serial 'a,drive=b'"},
        {[](MachineSpec& s) { s.disks[0].base = "disk.raw"; }, ErrorKind::invalid_input,
         "machine 'db': the base of disk 'disk0' is not an absolute path"},
        {[](MachineSpec& s) { s.disks[1].capacity_bytes = 0; }, ErrorKind::invalid_input,
         "machine 'db': disk 'disk1' has neither a base nor a capacity"},
        {[](MachineSpec& s) { s.nics[0].mac = "52:54:00:00:00:0g"; }, ErrorKind::invalid_input,
         "machine 'db': '52:54:00:00:00:0g' is not a MAC address in lower case"},
        {[](MachineSpec& s) { s.nics[0].switch_socket = "x"; }, ErrorKind::invalid_input,
         "machine 'db': the switch of network 'back' has no absolute path"},
        {[](MachineSpec& s) { s.config_iso->label = std::string(33, 'x'); },
         ErrorKind::invalid_input,
         "machine 'db': the volume label '" + std::string(33, 'x') +
             "' does not have 1 to 32 characters"},
        {[](MachineSpec& s) { s.config_iso->files[0].name = "a/b"; }, ErrorKind::invalid_input,
         "machine 'db': the configuration file name 'a/b' is not plain or is used twice"},
    };
    CHECK_NOTHROW(check_machine_spec(tests::full_machine()));
    for (const Case& one : cases) {
        MachineSpec spec = tests::full_machine();
        one.damage(spec);
        const auto error = tests::error_of([&] { check_machine_spec(spec); });
        CHECK(error.message() == one.message);
        CHECK(error.kind() == one.kind);
    }
}

TEST_CASE("a socket path of 107 bytes is fine, one more is not", "[hvruntime][machine]") {
    CHECK_NOTHROW(hvruntime::check_socket_path("/" + std::string(106, 'x')));
    const auto error =
        tests::error_of([] { hvruntime::check_socket_path("/" + std::string(107, 'x')); });
    CHECK(error.kind() == ErrorKind::environment);
    CHECK(error.hint().find("XDG_RUNTIME_DIR") != std::string::npos);
}
