// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/profile/profile.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace ovfkit {

namespace {

// By profile, for usual and for paravirtual drivers. vmx-13 is of 2016: every ESXi that is still
// cared for takes it. VirtualBox reads VirtioSCSI and virtio since 6.1.
constexpr std::array<std::array<ProfileHardware, 2>, 3> kHardware{{
    {{{"vmx-13", resource::kScsiController, "SCSI controller 0", "lsilogic", "E1000", false, false},
      {"vmx-13", resource::kScsiController, "SCSI controller 0", "VirtualSCSI", "VmxNet3", false,
       false}}},
    {{{"vmx-13", resource::kScsiController, "SCSI controller 0", "lsilogic", "E1000", true, true},
      {"vmx-13", resource::kScsiController, "SCSI controller 0", "VirtualSCSI", "VmxNet3", true,
       true}}},
    {{{"virtualbox-2.2", resource::kOtherStorage, "SATA controller 0", "AHCI", "E1000", false,
       false},
      {"virtualbox-2.2", resource::kScsiController, "SCSI controller 0", "VirtioSCSI", "virtio",
       false, false}}},
}};

struct OsName {
    int id;  // CIM_OperatingSystem.OsType
    std::string_view vmware;
    std::string_view virtualbox;
};

// The newest that hardware of version 13 has a name for.
constexpr std::array kOsNames{
    OsName{95, "debian10Guest", "Debian"},
    OsName{96, "debian10_64Guest", "Debian_64"},
    OsName{101, "otherLinux64Guest", "Linux_64"},
};

constexpr int kFirstNicAddress = 7;

HardwareItem item_of(int type, std::string id, std::string name) {
    HardwareItem item;
    item.resource_type = type;
    item.instance_id = std::move(id);
    item.element_name = std::move(name);
    return item;
}

}  // namespace

std::string_view to_string(Profile profile) {
    switch (profile) {
        case Profile::generic: return "generic";
        case Profile::vmware: return "vmware";
        case Profile::virtualbox: return "virtualbox";
    }
    base::unreachable("profile");
}

std::optional<Profile> find_profile(std::string_view name) {
    for (const Profile profile : kAllProfiles) {
        if (to_string(profile) == name) {
            return profile;
        }
    }
    return std::nullopt;
}

Profile require_profile(std::string_view name) {
    if (const auto profile = find_profile(name)) {
        return *profile;
    }
    throw base::Error(base::ErrorKind::usage, fmt::format("there is no profile '{}'", name),
                      "give generic, vmware or virtualbox");
}

const ProfileHardware& hardware_of(Profile profile, GuestDrivers drivers) {
    return kHardware.at(static_cast<std::size_t>(profile)).at(static_cast<std::size_t>(drivers));
}

void name_os(OperatingSystem& os, Profile profile) {
    os.vmware_type.clear();
    os.virtualbox_type.clear();
    for (const OsName& name : kOsNames) {
        if (name.id == os.id && profile == Profile::vmware) {
            os.vmware_type = name.vmware;
        } else if (name.id == os.id && profile == Profile::virtualbox) {
            os.virtualbox_type = name.virtualbox;
        }
    }
}

std::vector<VendorSetting> settings_of(Profile profile, Firmware::Kind firmware) {
    std::vector<VendorSetting> settings;
    const auto add = [&](std::string key, std::string_view value) {
        VendorSetting one;
        one.key = std::move(key);
        one.value = value;
        settings.push_back(std::move(one));
    };
    if (firmware == Firmware::Kind::unspecified && profile == Profile::vmware) {
        firmware = Firmware::Kind::bios;  // newer products start new machines by EFI
    }
    if (firmware != Firmware::Kind::unspecified) {
        add("firmware", to_string(firmware));
    }
    if (profile == Profile::vmware) {
        add("powerOpInfo.powerOffType", "soft");  // they pull the plug where nothing is said
        add("tools.syncTimeWithHost", "false");
    }
    return settings;
}

std::vector<std::string> ProfileHardware::transports() const {
    return guest_info ? std::vector<std::string>{"iso", "com.vmware.guestInfo"}
                      : std::vector<std::string>{"iso"};
}

HardwareItem make_controller(const ProfileHardware& hardware, std::string id) {
    HardwareItem item =
        item_of(hardware.controller_type, std::move(id), std::string(hardware.controller_name));
    item.resource_subtype = hardware.controller_subtype;
    item.address = "0";
    return item;
}

HardwareItem make_nic(const ProfileHardware& hardware, std::string id, int number,
                      const std::string& network) {
    HardwareItem item =
        item_of(resource::kEthernet, std::move(id), fmt::format("Network adapter {}", number));
    item.resource_subtype = hardware.nic_subtype;
    item.address_on_parent = kFirstNicAddress + number - 1;
    item.automatic_allocation = true;
    item.connections = {network};
    return item;
}

std::vector<HardwareItem> make_cdrom(int first) {
    HardwareItem controller =
        item_of(resource::kIdeController, std::to_string(first), "IDE controller 0");
    controller.address = "0";
    HardwareItem drive = item_of(resource::kCdDrive, std::to_string(first + 1), "CD-ROM drive 1");
    drive.resource_subtype = "vmware.cdrom.remotepassthrough";
    drive.parent = controller.instance_id;
    drive.address_on_parent = 0;
    drive.automatic_allocation = false;
    drive.required = false;
    return {std::move(controller), std::move(drive)};
}

}  // namespace ovfkit
