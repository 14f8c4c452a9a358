// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/profile/profile.h"

#include "tests/support/catch.h"

using ovfkit::GuestDrivers;
using ovfkit::Profile;

TEST_CASE("every profile has a name of its own, and only those are known", "[ovfkit][profile]") {
    for (const Profile profile : ovfkit::kAllProfiles) {
        CHECK(ovfkit::find_profile(ovfkit::to_string(profile)) == profile);
    }
    CHECK_FALSE(ovfkit::find_profile("xen"));
    const auto error = tests::error_of([] { ovfkit::require_profile("VMware"); });
    CHECK(error.kind() == base::ErrorKind::usage);
    CHECK(error.hint() == "give generic, vmware or virtualbox");
}

TEST_CASE("each profile names the devices of its product", "[ovfkit][profile]") {
    const auto& box = ovfkit::hardware_of(Profile::virtualbox, GuestDrivers::usual);
    CHECK(box.system_type == "virtualbox-2.2");
    const auto sata = ovfkit::make_controller(box, "3");
    CHECK(sata.resource_type == ovfkit::resource::kOtherStorage);
    CHECK(sata.resource_subtype == "AHCI");
    CHECK(ovfkit::make_nic(box, "5", 2, "lan").address_on_parent == 8);
    const auto& cloud = ovfkit::hardware_of(Profile::vmware, GuestDrivers::paravirtual);
    CHECK(cloud.controller_subtype == "VirtualSCSI");
    CHECK(cloud.nic_subtype == "VmxNet3");
    CHECK(cloud.transports() == std::vector<std::string>{"iso", "com.vmware.guestInfo"});
    const auto drive = ovfkit::make_cdrom(7);
    REQUIRE(drive.size() == 2);
    CHECK(drive[1].parent == drive[0].instance_id);
}

TEST_CASE("only VMware's profile has VMware's words, and nobody must understand them",
          "[ovfkit][profile]") {
    ovfkit::OperatingSystem os;
    os.id = 96;
    ovfkit::name_os(os, Profile::vmware);
    CHECK(os.vmware_type == "debian10_64Guest");
    CHECK(os.virtualbox_type.empty());
    ovfkit::name_os(os, Profile::virtualbox);
    CHECK(os.vmware_type.empty());
    CHECK(os.virtualbox_type == "Debian_64");
    ovfkit::name_os(os, Profile::generic);
    CHECK(os.virtualbox_type.empty());
    CHECK(ovfkit::settings_of(Profile::generic).empty());
    const auto settings = ovfkit::settings_of(Profile::vmware);
    REQUIRE_FALSE(settings.empty());
    CHECK(settings[0].value == "bios");
    CHECK(ovfkit::settings_of(Profile::vmware, ovfkit::Firmware::Kind::efi)[0].value == "efi");
    const auto efi = ovfkit::settings_of(Profile::generic, ovfkit::Firmware::Kind::efi);
    REQUIRE(efi.size() == 1);
    CHECK((efi[0].key == "firmware" && efi[0].value == "efi" && !efi[0].required));
    for (const auto& setting : settings) {
        CHECK_FALSE(setting.required);
    }
}
