// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/machine_hardware.h"

#include "tests/support/catch.h"

using namespace assembler;

TEST_CASE("a domain of libvirt says what the machine has", "[assembler][introspect]") {
    const HardwareFact hardware = parse_libvirt_domain(
        "<domain type='kvm' id='3'><name>web</name><memory unit='KiB'>2097152</memory>"
        "<vcpu placement='static'>4</vcpu><os firmware='efi'><type>hvm</type></os><devices>"
        "<disk type='file' device='cdrom'><source file='/iso'/><target dev='sda'/></disk>"
        "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
        "<source file='/img/web.qcow2'/><target dev='vda' bus='virtio'/></disk>"
        "<disk type='block' device='disk'><source dev='/dev/vg/data'/><target dev='vdb'/></disk>"
        "<disk type='network' device='disk'><source protocol='rbd' name='p/i'/>"
        "<target dev='vdc'/></disk>"
        "<interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/>"
        "<model type='virtio'/></interface>"
        "<interface type='bridge'><source bridge='br0'/></interface>"
        "<interface type='user'/></devices></domain>",
        "web.xml");
    CHECK(hardware.name == "web");
    CHECK(hardware.memory_bytes == std::uint64_t{2} << 30U);
    CHECK(hardware.vcpus == 4);
    CHECK(hardware.firmware == "uefi");
    REQUIRE(hardware.disks.size() == 3);
    CHECK(hardware.disks[0].path == "/img/web.qcow2");
    CHECK(hardware.disks[0].format == "qcow2");
    CHECK(hardware.disks[1].path == "/dev/vg/data");
    CHECK(hardware.disks[2].path.empty());
    REQUIRE(hardware.nics.size() == 3);
    CHECK(hardware.nics[0].network == "default");
    CHECK(hardware.nics[0].mac == "52:54:00:00:00:01");
    CHECK(hardware.nics[1].network == "br0");
    CHECK(hardware.nics[2].network == "user");
}

TEST_CASE("a domain without numbers has none", "[assembler][introspect]") {
    const HardwareFact hardware = parse_libvirt_domain(
        "<domain><memory unit='parsec'>5</memory><vcpu>many</vcpu><os><loader type='pflash'/></os>"
        "</domain>",
        "web.xml");
    CHECK(hardware.memory_bytes == 0);
    CHECK(hardware.vcpus == 0);
    CHECK(hardware.firmware == "uefi");
    CHECK(tests::error_of([] { parse_libvirt_domain("<domain", "web.xml"); }).kind() ==
          base::ErrorKind::invalid_input);
}

TEST_CASE("a .vmx says what the machine has", "[assembler][introspect]") {
    const HardwareFact hardware = parse_vmx(
        ".encoding = \"UTF-8\"\nconfig.version = \"8\"\ndisplayName = \"Web 01\"\n"
        "memSize = \"4096\"\nnumvcpus = \"2\"\nfirmware = \"efi\"\n"
        "scsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"Web.vmdk\"\n"
        "scsi0:1.present = \"FALSE\"\nscsi0:1.fileName = \"old.vmdk\"\n"
        "ide1:0.present = \"TRUE\"\nide1:0.fileName = \"/iso\"\n"
        "ide1:0.deviceType = \"cdrom-image\"\n"
        "ethernet0.present = \"TRUE\"\nethernet0.networkName = \"VM Network\"\n"
        "ethernet0.generatedAddress = \"00:0c:29:00:00:01\"\nethernet0.virtualDev = \"vmxnet3\"\n"
        "ethernet1.present = \"TRUE\"\nethernet1.connectionType = \"nat\"\n",
        "web.vmx");
    CHECK(hardware.name == "Web 01");
    CHECK(hardware.memory_bytes == std::uint64_t{4} << 30U);
    CHECK(hardware.vcpus == 2);
    CHECK(hardware.firmware == "uefi");
    REQUIRE(hardware.disks.size() == 1);
    CHECK(hardware.disks[0].path == "Web.vmdk");
    CHECK(hardware.disks[0].target == "scsi0:0");
    REQUIRE(hardware.nics.size() == 2);
    CHECK(hardware.nics[0].network == "VM Network");
    CHECK(hardware.nics[0].model == "vmxnet3");
    CHECK(hardware.nics[1].network == "nat");
    CHECK(tests::error_of([] { parse_vmx("a = \"b\"\n", "web.vmx"); }).kind() ==
          base::ErrorKind::invalid_input);
}
