// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/hardware_queries.h"

#include "ovfkit/descriptor/read_envelope.h"
#include "tests/support/catch.h"
#include "tests/unit/ovfkit/descriptor/sample_envelope.h"

using namespace ovfkit;  // NOLINT: a test file

namespace {

HardwareSection section_of(const std::vector<std::string>& types, const std::string& id = "") {
    HardwareSection section;
    section.id = id;
    section.system_types = types;
    return section;
}

std::string chosen(std::vector<HardwareSection> sections) {
    VirtualSystem system;
    system.hardware = std::move(sections);
    return chosen_hardware(system)->system_types.empty()
               ? ""
               : chosen_hardware(system)->system_types.front();
}

Firmware firmware_in(const std::string& hardware, const std::string& beside = "") {
    const Envelope envelope = read_envelope(
        R"(<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
             xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
             xmlns:r="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
             xmlns:x="http://www.vmware.com/schema/ovf"
             xmlns:v="http://www.virtualbox.org/ovf/machine">
           <VirtualSystem ovf:id="vm"><Info/><VirtualHardwareSection><Info/>)" +
            hardware + "</VirtualHardwareSection>" + beside + "</VirtualSystem></Envelope>",
        "a.ovf");
    return firmware_of(std::get<VirtualSystem>(*envelope.content));
}

}  // namespace

TEST_CASE("of several hardware sections the one most like our machines is chosen",
          "[ovfkit][descriptor]") {
    CHECK(chosen_hardware(VirtualSystem{}) == nullptr);
    CHECK(chosen({section_of({"virtualbox-2.2"}), section_of({"vmx-7"}), section_of({"vmx-13"})}) ==
          "vmx-13");
    CHECK(chosen({section_of({"vmx-21"}), section_of({"KVM"})}) == "KVM");
    CHECK(chosen({section_of({"qemu-pc"}), section_of({"muster-1"})}) == "muster-1");
    CHECK(chosen({section_of({"foo"}), section_of({})}).empty());
    CHECK(chosen({section_of({"foo"}), section_of({"bar"})}) == "foo");
    CHECK(chosen({section_of({"foo"}), section_of({"xen-3", "foo"})}) == "xen-3");
}

TEST_CASE("the user can name the hardware section", "[ovfkit][descriptor]") {
    VirtualSystem system;
    system.id = "vm";
    system.hardware = {section_of({"vmx-7"}, "old"), section_of({"vmx-13"})};
    Envelope envelope;
    envelope.content = system;
    Envelope by_id = envelope;
    choose_hardware(envelope, "VMX-7");
    REQUIRE(std::get<VirtualSystem>(*envelope.content).hardware.size() == 1);
    CHECK(std::get<VirtualSystem>(*envelope.content).hardware.front().id == "old");
    choose_hardware(by_id, "old");
    CHECK(std::get<VirtualSystem>(*by_id.content).hardware.size() == 1);
    const auto error = tests::error_of([&] { choose_hardware(by_id, "xen"); });
    CHECK(error.kind() == base::ErrorKind::not_found);
    CHECK(error.hint() == "there is hardware of: vmx-7");
}

TEST_CASE("bounds are the least and the most of a machine", "[ovfkit][descriptor]") {
    VirtualSystem system = tests::sample_system("db", "db-disk", "back");
    HardwareItem least = tests::item(resource::kProcessor, "1", "processors");
    least.quantity = 1;
    least.bound = HardwareItem::Bound::minimum;
    HardwareItem more = least;
    more.quantity = 3;
    more.configurations = {"large"};
    auto& items = system.hardware.front().items;
    items.insert(items.end(), {least, more});
    CHECK(cpu_range_of(system, "small") == QuantityRange{2, 1, std::nullopt});
    CHECK(cpu_range_of(system, "large") == QuantityRange{4, 3, std::nullopt});
    CHECK(memory_range_of(system, "") == QuantityRange{512ULL << 20U, std::nullopt, 4ULL << 30U});
}

TEST_CASE("firmware, secure boot and TPM are found where vendors write them",
          "[ovfkit][descriptor]") {
    CHECK(firmware_in("") == Firmware{});
    const Firmware vmware = firmware_in(
        R"(<Item><r:InstanceID>1</r:InstanceID><r:ResourceSubType>vmware.vtpm</r:ResourceSubType>
             <r:ResourceType>1</r:ResourceType></Item>
           <x:Config ovf:required="true" x:key="firmware" x:value="efi"/>
           <x:Config ovf:required="false" x:key="bootOptions.efiSecureBootEnabled" x:value="true"/>)");
    CHECK(vmware == Firmware{Firmware::Kind::efi, true, "2.0"});
    const Firmware virtualbox =
        firmware_in("", R"(<v:Machine ovf:required="false"><Info/><Hardware><Firmware type="EFI64"/>
               <TrustedPlatformModule type="v1_2"/></Hardware></v:Machine>)");
    CHECK(virtualbox == Firmware{Firmware::Kind::efi, false, "1.2"});
}

TEST_CASE("a required setting that is not understood is unsupported", "[ovfkit][descriptor]") {
    CHECK(tests::error_of([] {
              firmware_in(R"(<x:Config ovf:required="true" x:key="magic" x:value="1"/>)");
          }).kind() == base::ErrorKind::unsupported);
}

TEST_CASE("the number of machines is ours or the ScaleOutSection's", "[ovfkit][descriptor]") {
    Envelope envelope = tests::sample_envelope();
    auto& collection = std::get<VirtualSystemCollection>(*envelope.content);
    collection.scale_outs = {{.id = "web", .initial = 2, .minimum = 2, .maximum = 8},
                             {.id = "db", .initial = 9}};
    const auto& db = std::get<VirtualSystem>(collection.members[0]);
    const auto& web = std::get<VirtualSystem>(collection.members[1]);
    CHECK(count_of(envelope, db) == MachineCount{1, 1, 3});
    CHECK(count_of(envelope, web) == MachineCount{2, 2, 8});
}
