// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/machine_source.h"

#include <fmt/format.h>

#include "assembler/introspect/source/disk_source.h"
#include "base/file.h"
#include "ovfkit/convert/convert.h"
#include "tests/support/catch.h"
#include "tests/support/shell.h"

using namespace assembler;
using base::ErrorKind;

namespace {

// A small machine as a folder and as a disk of its own.
class SmallMachine {
  public:
    SmallMachine() {
        tests::shell(
            "mkdir -p tree/etc tree/usr/lib; printf 'ID=debian\n' >tree/etc/os-release\n"
            "echo db.example.org >tree/etc/hostname\n"
            "echo shop:x:1000:1000::/:/bin/sh >tree/etc/passwd\n"
            "echo 'password=hunter2' >tree/etc/shop.conf\n"
            "mke2fs -q -F -t ext4 -d tree disk.raw 8M; truncate -s 1M blank.raw\n",
            dir_.path());
    }
    std::string path(const std::string& name) const { return dir_.path() / name; }
    void write(const std::string& name, const std::string& text) const {
        base::write_file(dir_.path() / name, text);
    }
    void convert(const std::string& to, ovfkit::DiskForm form) const {
        ovfkit::ConvertOptions options;
        options.input = path("disk.raw");
        options.output = path(to);
        options.from = ovfkit::DiskFormat::raw;
        options.to = form;
        options.memory_bytes = std::uint64_t{512} << 20U;
        ovfkit::convert_disk(options);
    }

  private:
    base::TempDir dir_;
};

IntrospectedMachine only(const std::string& location, const SourceOptions& options = {}) {
    std::vector<IntrospectedMachine> machines =
        introspect_source(parse_machine_source(location), options);
    REQUIRE(machines.size() == 1);
    return machines.front();
}

ErrorKind failure_of(const std::string& location) {
    return tests::error_of([&] { introspect_source({.location = location}); }).kind();
}

}  // namespace

TEST_CASE("a source may name its machine", "[assembler][introspect]") {
    CHECK(parse_machine_source("/srv/web").name.empty());
    CHECK(parse_machine_source("/srv/web").location == "/srv/web");
    CHECK(parse_machine_source("web-1=/srv/x=y").name == "web-1");
    CHECK(parse_machine_source("web-1=/srv/x=y").location == "/srv/x=y");
    CHECK(parse_machine_source("./a=b").location == "./a=b");
    for (const char* text : {"=x", "Web=x", "a.b=x", "web="}) {
        INFO(text);
        CHECK(tests::error_of([&] { parse_machine_source(text); }).kind() == ErrorKind::usage);
    }
}

TEST_CASE("folder, disk and package of a machine give the same facts", "[assembler][introspect]") {
    const SmallMachine small;
    small.convert("disk.qcow2", ovfkit::DiskForm::qcow2);
    small.convert("db.ova", ovfkit::DiskForm::package);
    SourceOptions options;
    options.also = [](const imagebuilder::FileTree& tree, const MachineFacts& facts) {
        return facts.name + "\n" + tree.read("/etc/passwd", 100) + std::string("\0\xff", 2);
    };
    for (const char* name : {"tree", "disk.raw", "disk.qcow2", "db.ova"}) {
        INFO(name);
        const IntrospectedMachine machine = only(small.path(name), options);
        CHECK(machine.facts.name == "db");
        CHECK(machine.facts.source.starts_with(small.path(name)));
        CHECK(machine.facts.os.id == "debian");
        REQUIRE(machine.facts.users.size() == 1);
        CHECK(machine.facts.users[0].name == "shop");
        REQUIRE(machine.facts.secrets.size() == 1);
        CHECK(machine.facts.secrets[0].evidence.file == "/etc/shop.conf");
        CHECK(machine.facts.secrets[0].value.empty());
        CHECK(machine.also == "db\nshop:x:1000:1000::/:/bin/sh\n" + std::string("\0\xff", 2));
    }
    CHECK(only("web=" + small.path("disk.qcow2")).facts.name == "web");
    CHECK(only(small.path("disk.raw"), {.with_secrets = true}).facts.secrets[0].value == "hunter2");

    const HardwareFact hardware = only(small.path("db.ova")).facts.hardware;
    CHECK(hardware.memory_bytes == std::uint64_t{512} << 20U);
    CHECK(hardware.vcpus == 1);
    CHECK(hardware.disks.size() == 1);
}

TEST_CASE("a domain of libvirt and a .vmx lead to their disks", "[assembler][introspect]") {
    const SmallMachine small;
    small.convert("disk.vmdk", ovfkit::DiskForm::vmdk);
    small.write("shop.xml", fmt::format("<domain type='kvm'><name>Shop DB</name><vcpu>2</vcpu>"
                                        "<memory unit='MiB'>1024</memory><devices>"
                                        "<disk type='file' device='disk'><driver type='raw'/>"
                                        "<source file='blank.raw'/><target dev='vda'/></disk>"
                                        "<disk type='file' device='disk'><driver type='raw'/>"
                                        "<source file='{}'/><target dev='vdb'/></disk>"
                                        "</devices></domain>",
                                        small.path("disk.raw")));
    const MachineFacts domain = only(small.path("shop.xml")).facts;
    CHECK(domain.name == "shop-db");
    CHECK(domain.os.id == "debian");
    CHECK(domain.hardware.vcpus == 2);
    CHECK(domain.hardware.disks.size() == 2);

    small.write("shop.vmx",
                "config.version = \"8\"\nmemsize = \"2048\"\nsata0:0.present = \"TRUE\"\n"
                "sata0:0.fileName = \"disk.vmdk\"\n");
    const MachineFacts vmx = only(small.path("shop.vmx")).facts;
    CHECK(vmx.name == "db");
    CHECK(vmx.hardware.memory_bytes == std::uint64_t{2} << 30U);
}

TEST_CASE("what is no machine is said", "[assembler][introspect]") {
    const SmallMachine small;
    small.write("none.xml", "<domain/>");
    small.write("other.xml", "<network/>");
    small.write("not.vmx", "hello\n");
    CHECK(failure_of(small.path("nothing")) == ErrorKind::not_found);
    CHECK(failure_of(small.path("blank.raw")) == ErrorKind::not_found);
    CHECK(failure_of(small.path("none.xml")) == ErrorKind::not_found);
    CHECK(failure_of(small.path("other.xml")) == ErrorKind::invalid_input);
    CHECK(failure_of(small.path("not.vmx")) == ErrorKind::invalid_input);
}

TEST_CASE("facts that crossed over are checked", "[assembler][introspect]") {
    IntrospectedMachine machine{.facts = {.name = "web"}, .also = "more\n\xfe"};
    const IntrospectedMachine again = parse_machine_text(machine_text(machine));
    CHECK(again.facts.name == "web");
    CHECK(again.also == machine.also);
    for (const char* text :
         {"", "5", "5\n{}", "x\n{}", "-1\n", "2\n[]", "2\n{]", "99999999999\n{}"}) {
        INFO(text);
        CHECK(tests::error_of([&] { parse_machine_text(text); }).kind() ==
              ErrorKind::invalid_input);
    }
}
