// SPDX-License-Identifier: Apache-2.0
// The devices of a machine in the words of another product. What the product does not know and does
// not need is no condition any more; addresses, disks and networks stay. DSP0243 8.1, 8.3.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/letter_case.h"
#include "ovfkit/descriptor/extensions.h"
#include "ovfkit/edit/edit_steps.h"
#include "ovfkit/edit/hardware_items.h"
#include "ovfkit/profile/profile.h"

namespace ovfkit::edit {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::string_view kVmwareNamespace = "http://www.vmware.com/schema/ovf";
constexpr std::string_view kSystemSettings =
    "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData";
// What every product can make.
constexpr std::array kPlainTypes{
    resource::kProcessor,      resource::kMemory,      resource::kIdeController,
    resource::kScsiController, resource::kEthernet,    resource::kFloppy,
    resource::kCdDrive,        resource::kDvdDrive,    resource::kDisk,
    resource::kLogicalDisk,    resource::kOtherStorage};

bool is_ours(const EditableElement& system) {
    const auto sections = system.children("MachineSection");
    return std::any_of(sections.begin(), sections.end(), [](const EditableElement* section) {
        return section->namespace_uri() == kMusterNamespace;
    });
}

void change_system_type(DescriptorDocument& document, HardwareItems& items,
                        std::string_view system_type) {
    const bool old = document.dialect() == Dialect::ovf09;
    EditableElement& system = document.obtain_child(items.section(), "System", {"Info"});
    if (system.children().empty()) {
        if (!old) {
            system.add_last_child(kSystemSettings, "ElementName")
                .set_text("Virtual Hardware Family");
        }
        system.add_last_child(kSystemSettings, old ? "InstanceId" : "InstanceID").set_text("0");
    }
    EditableElement* type = system.find_child("VirtualSystemType");
    if (type == nullptr) {
        type = &system.add_last_child(kSystemSettings, "VirtualSystemType");
    }
    type->set_text(std::string(system_type));
}

bool has_disks(const HardwareItems& items, const EditableElement& controller) {
    const std::string id = HardwareItems::text_of(controller, "InstanceID");
    for (const int type : {resource::kDisk, resource::kLogicalDisk}) {
        for (const EditableElement* disk : items.of_type(type)) {
            if (HardwareItems::text_of(*disk, "Parent") == id) {
                return true;
            }
        }
    }
    return false;
}

// IDE is the same everywhere, but for the names that VirtualBox gives to its chips.
void change_controllers(HardwareItems& items, const ProfileHardware& hardware, bool is_vmware) {
    int number = 0;
    for (EditableElement* item : items.all()) {
        const int type = HardwareItems::type_of(*item);
        const bool takes_disks =
            type == resource::kScsiController || type == resource::kOtherStorage;
        if (takes_disks && has_disks(items, *item)) {
            const bool scsi = hardware.controller_type == resource::kScsiController;
            items.set_text(*item, "ElementName",
                           fmt::format("{} controller {}", scsi ? "SCSI" : "SATA", number++));
            items.set_text(*item, "Description", scsi ? "SCSI controller" : "SATA controller");
            items.set_text(*item, "ResourceSubType", hardware.controller_subtype);
            items.set_text(*item, "ResourceType", std::to_string(hardware.controller_type));
        }
        const std::string subtype =
            base::to_lower(HardwareItems::text_of(*item, "ResourceSubType"));
        if (is_vmware && type == resource::kIdeController &&
            (subtype.starts_with("piix") || subtype == "ich6")) {
            items.set_text(*item, "ResourceSubType", "");
        }
    }
}

void change_nics(HardwareItems& items, std::string_view subtype) {
    for (EditableElement* nic : items.of_type(resource::kEthernet)) {
        const std::string before = HardwareItems::text_of(*nic, "ResourceSubType");
        const std::string text = HardwareItems::text_of(*nic, "Description");
        if (!before.empty() && text.starts_with(before)) {
            items.set_text(*nic, "Description", std::string(subtype) + text.substr(before.size()));
        }
        items.set_text(*nic, "ResourceSubType", subtype);
    }
}

// Sound, USB, chips of the board: a machine works without.
void ask_for_less(EditSession& session, HardwareItems& items) {
    for (EditableElement* item : items.all()) {
        const int type = HardwareItems::type_of(*item);
        const bool plain =
            std::find(kPlainTypes.begin(), kPlainTypes.end(), type) != kPlainTypes.end();
        if (!plain && attribute_of(*item, "required") != "false") {
            item->set_attribute("required", "false");
            session.note(fmt::format("'{}' need not be there any more",
                                     HardwareItems::text_of(*item, "ElementName")));
        }
    }
}

void add_environment_drive(HardwareItems& items) {
    EditableElement* controller = nullptr;
    for (EditableElement* ide : items.of_type(resource::kIdeController)) {
        controller = controller == nullptr ? ide : controller;
    }
    if (controller == nullptr) {
        controller = &items.add(resource::kIdeController, "IDE controller 0");
        items.set_text(*controller, "Address", "0");
    }
    const std::string parent = HardwareItems::text_of(*controller, "InstanceID");
    const int place = items.free_address_on(parent);
    EditableElement& drive = items.add(resource::kCdDrive, "CD-ROM drive 1");
    drive.set_attribute("required", "false");
    items.set_text(drive, "AddressOnParent", std::to_string(place));
    items.set_text(drive, "AutomaticAllocation", "false");
    items.set_text(drive, "Parent", parent);
    items.set_text(drive, "ResourceSubType", "vmware.cdrom.remotepassthrough");
}

// The environment gets to the guest by the ways of the product as well.
void change_transport(HardwareItems& items, const ProfileHardware& hardware) {
    const std::string before = attribute_of(items.section(), "transport");
    if (before.find("iso") == std::string::npos) {
        return;
    }
    if (hardware.guest_info && before.find("com.vmware.guestInfo") == std::string::npos) {
        items.section().set_attribute("transport", before + " com.vmware.guestInfo");
    }
    if (hardware.drive_for_environment && items.of_type(resource::kCdDrive).empty() &&
        items.of_type(resource::kDvdDrive).empty()) {
        add_environment_drive(items);
    }
}

void change_os(DescriptorDocument& document, EditableElement& system, Profile profile) {
    EditableElement* section = document.find_section(system, "OperatingSystemSection");
    if (section == nullptr || profile != Profile::vmware ||
        section->find_attribute(kVmwareNamespace, "osType")) {
        return;
    }
    const std::string number = attribute_of(*section, "id");
    OperatingSystem os;
    os.id = number.size() < 6 && number.find_first_not_of("0123456789") == std::string::npos &&
                    !number.empty()
                ? std::stoi(number)
                : 0;
    name_os(os, profile);
    if (!os.vmware_type.empty()) {
        section->set_attribute(std::string(kVmwareNamespace), "osType", os.vmware_type);
    }
}

void change_machine(EditSession& session, EditableElement& system, Profile profile) {
    DescriptorDocument& document = session.document();
    std::vector<HardwareItems> all = hardware_of(document, system);
    if (all.size() > 1) {
        throw Error(ErrorKind::conflict,
                    fmt::format("machine '{}' has {} hardware sections, each for a product",
                                attribute_of(system, "id"), all.size()),
                    "the product chooses among them; there is nothing to change");
    }
    change_os(document, system, profile);
    const ProfileHardware& hardware = ovfkit::hardware_of(
        profile, is_ours(system) ? GuestDrivers::paravirtual : GuestDrivers::usual);
    for (HardwareItems& items : all) {
        change_system_type(document, items, hardware.system_type);
        change_controllers(items, hardware, profile == Profile::vmware);
        change_nics(items, hardware.nic_subtype);
        ask_for_less(session, items);
        change_transport(items, hardware);
    }
}

}  // namespace

void set_profile(EditSession& session, const EditStep& step) {
    const Profile profile = require_profile(step.value);
    if (session.has_selection()) {
        change_machine(session, session.machine(), profile);
        return;
    }
    for (EditableElement* system : session.document().systems()) {
        change_machine(session, *system, profile);
    }
}

}  // namespace ovfkit::edit
