// SPDX-License-Identifier: Apache-2.0
// The descriptor as the rules look at it: the tree of elements as it was written, sorted by what
// they are. It borrows the tree. An Envelope would not do: it no longer knows what was left out,
// misspelt or written in an odd place.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/xml/document.h"

namespace ovfkit::lint {

struct ItemView {
    const xml::Element* element = nullptr;
    std::optional<int> type;  // rasd:ResourceType, when it is a number
    std::string_view subtype;
    std::string_view instance;
    std::string_view parent;
    std::string_view address;  // on the parent
    std::string_view configuration;
    std::string_view bound;
    bool required = true;

    // "item '7' (hard disk 1)"
    std::string name() const;
    std::string_view text_of(std::string_view local) const;
    // Holds in every configuration and is no limit.
    bool is_plain() const { return configuration.empty() && bound.empty(); }
    bool is_drive() const;       // disk, CD or DVD
    bool is_hard_disk() const;   // 17 or 31
    bool is_controller() const;  // of drives
};

struct HardwareView {
    const xml::Element* element = nullptr;
    std::vector<ItemView> items;
    std::string_view system_types;

    const ItemView* find_item(std::string_view instance) const;
};

struct SystemView {
    const xml::Element* element = nullptr;
    std::string_view id;
    std::string_view name;
    std::vector<HardwareView> hardware;
    std::vector<const xml::Element*> products;
};

struct DescriptorView {
    enum class Version { v09, v1, v2, unknown };

    explicit DescriptorView(const xml::Element& root);

    const xml::Element& root;
    Version version = Version::unknown;
    std::vector<const xml::Element*> files;
    std::vector<const xml::Element*> disks;
    std::vector<const xml::Element*> networks;
    std::vector<const xml::Element*> sections;  // of all levels, hardware and products too
    std::vector<const xml::Element*> products;  // of all levels
    std::vector<const xml::Element*> collections;
    std::vector<SystemView> systems;

    const xml::Element* find_file(std::string_view id) const;
    const xml::Element* find_disk(std::string_view id) const;
};

// The attribute, or "".
std::string_view attribute_of(const xml::Element& element, std::string_view local);
// The trimmed text of the first child of that name, or "".
std::string_view child_text_of(const xml::Element& element, std::string_view local);
std::optional<std::uint64_t> number_of(std::string_view text);
// The words of a subtype, in lower case: descriptors name several to choose from.
std::vector<std::string> subtypes_of(std::string_view text);
// "disk 'x'" of "ovf:/disk/x"; nothing for other texts. Accepts what the field writes.
struct ResourceName {
    std::string kind;  // "disk" or "file"
    std::string_view id;
};
std::optional<ResourceName> resource_of(std::string_view host_resource);

}  // namespace ovfkit::lint
