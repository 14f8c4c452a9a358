// SPDX-License-Identifier: Apache-2.0
// The items of a VirtualHardwareSection in editable form. Each version writes them its own way:
// OVF 0.9 has InstanceId and Caption, OVF 2 splits off StorageItem and EthernetPortItem; new
// items and their children follow what the section does already. DSP0243 clause 8.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/edit/descriptor_document.h"

namespace ovfkit::edit {

class HardwareItems {
  public:
    HardwareItems(DescriptorDocument& document, EditableElement& section)
        : document_(document), section_(section) {}

    std::vector<EditableElement*> all() const;
    // Of a CIM resource type; bounds (ovf:bound min and max) are left out.
    std::vector<EditableElement*> of_type(int type) const;
    std::vector<EditableElement*> bounds_of(int type) const;
    static int type_of(const EditableElement& item);
    // By its standard name ("InstanceID"); also finds what OVF 0.9 writes.
    static std::string text_of(const EditableElement& item, std::string_view local);
    static std::vector<std::string> configurations_of(const EditableElement& item);

    // Changes or adds the child, in the order of the schema. An empty text removes it.
    void set_text(EditableElement& item, std::string_view local, std::string_view text);
    // A new item with an instance id of its own behind the last one of its type.
    EditableElement& add(int type, std::string_view name);
    // With everything else of the same instance id (bounds, configurations).
    void remove(EditableElement& item);
    // The first number that no child of the controller has.
    int free_address_on(std::string_view controller) const;

    EditableElement& section() const { return section_; }

  private:
    bool writes_old_names() const;
    std::string spelled(std::string_view local) const;
    std::string namespace_for(const EditableElement& item) const;
    std::string element_for(int type) const;
    std::string free_instance_id() const;

    DescriptorDocument& document_;
    EditableElement& section_;
};

// Every hardware section of a virtual system: alternatives for different platforms, which are
// edited alike.
std::vector<HardwareItems> hardware_of(DescriptorDocument& document, EditableElement& system);

}  // namespace ovfkit::edit
