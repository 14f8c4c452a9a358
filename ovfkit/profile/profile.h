// SPDX-License-Identifier: Apache-2.0
// Whose machines a new package is for: the same virtual system in the words and with the devices
// that a product takes without asking. Pure data and functions; the descriptors themselves are made
// by assembler/ and convert/, and changed by edit/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/descriptor/envelope.h"
#include "ovfkit/descriptor/hardware_queries.h"

namespace ovfkit {

enum class Profile : std::uint8_t { generic, vmware, virtualbox };

inline constexpr std::array kAllProfiles{Profile::generic, Profile::vmware, Profile::virtualbox};

std::string_view to_string(Profile profile);  // "generic", …
std::optional<Profile> find_profile(std::string_view name);
Profile require_profile(std::string_view name);  // throws usage

// What the guest can drive. The cloud kernels of distributions have neither LSI Logic, AHCI nor
// E1000; an unknown guest, which may be old, has nothing else.
enum class GuestDrivers : std::uint8_t { usual, paravirtual };

struct ProfileHardware {
    std::string_view system_type;  // vssd:VirtualSystemType
    int controller_type;           // of its disks, a CIM resource type
    std::string_view controller_name;
    std::string_view controller_subtype;
    std::string_view nic_subtype;
    bool guest_info;             // the environment by VMware's channel too
    bool drive_for_environment;  // a CD-ROM drive; where it is needed for transport "iso"

    std::vector<std::string> transports() const;
};
const ProfileHardware& hardware_of(Profile profile, GuestDrivers drivers);

// vmw:osType and vbox:OSType for the CIM number that stands there; empties them for the others.
void name_os(OperatingSystem& os, Profile profile);
// What a hardware section says besides, as vmw:Config. Never ovf:required. A firmware that nobody
// chose is said for VMware only.
std::vector<VendorSetting> settings_of(Profile profile,
                                       Firmware::Kind firmware = Firmware::Kind::unspecified);

// The items of a section, in the words of the profile.
HardwareItem make_controller(const ProfileHardware& hardware, std::string id);
HardwareItem make_nic(const ProfileHardware& hardware, std::string id, int number,
                      const std::string& network);
// An IDE controller and its CD-ROM drive, with the ids `first` and the next one.
std::vector<HardwareItem> make_cdrom(int first);

}  // namespace ovfkit
