// SPDX-License-Identifier: Apache-2.0
// OVF-8xx: products, properties, and how values get into the guest.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/letter_case.h"
#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/descriptor/read/reading.h"
#include "ovfkit/lint/checks/checks.h"

namespace ovfkit::lint {

namespace {

constexpr std::array kProductRules{
    Rule{"OVF-801", "there are properties and no way to tell the guest",
         everywhere(kNote).with(kVcenter | kEsxi, kWarning),
         "Without ovf:transport vCenter asks for values and never gives them to the guest.",
         "Add ovf:transport=\"iso com.vmware.guestInfo\" to the VirtualHardwareSection.",
         "DSP0243 9.5.2; terraform-provider-esxi#156"},
    Rule{"OVF-802", "the environment comes by VMware's channel only",
         only(kVirtualBox | kVirtV2v | kProxmox | kOracleVm | kMuster, kWarning),
         "On QEMU and VirtualBox a guest finds the environment on a CD-ROM only.",
         "Add iso to ovf:transport.", "cloud-init DataSourceOVF; cloud-init#3299"},
    Rule{"OVF-803", "the environment comes on a CD-ROM and there is no drive",
         only(kEsxi | kVcenter, kWarning),
         "vCenter puts the environment into a drive of the machine.",
         "Add an Item of resource type 15.", "vSphere: OVF environment, ISO transport"},
    Rule{"OVF-804", "a password has a default", everywhere(kWarning),
         "Everyone who has the package knows it.", "Leave ovf:value out.",
         "DSP0243 9.5.1; import duties 8"},
    Rule{"OVF-805", "a secret is not marked as a password", everywhere(kNote),
         "It is shown while it is typed, and in logs.", "Add ovf:password=\"true\".",
         "DSP0243 9.5.1"},
    Rule{"OVF-806", "a default does not fit the type of its property",
         everywhere(kWarning).with(kVcenter | kEsxi | kMuster, kError),
         "The package cannot be deployed as it is.", "Correct ovf:value or ovf:type.",
         "DSP0243 9.5.1"},
    Rule{"OVF-807", "a property cannot get a value", everywhere(kWarning),
         "It has no default and the user may not set it.",
         "Add ovf:value, or ovf:userConfigurable=\"true\".", "DSP0243 9.5.1"},
    Rule{"OVF-808", "a property that the user sets has no label",
         everywhere(kNote).with(kVcenter, kWarning), "The user sees its key.", "Add a Label.",
         "DSP0243 9.5.1"},
    Rule{"OVF-809", "a property asks vCenter for an address",
         everywhere(kWarning).with(kVcenter, Level::off),
         "IP pools are of vCenter; elsewhere the value stays empty.",
         "Let the user set it, or use DHCP.", "vmw:qualifiers, vmw:IpAssignmentSection"},
    Rule{"OVF-810", "keys of two sections are the same in the guest", everywhere(kWarning),
         "Sections without a class share one name space; one value hides the other.",
         "Give the sections an ovf:class.", "DSP0243 9.5.1"},
    Rule{"OVF-811", "a product has no name",
         everywhere(kNote).with(kVirtV2v | kProxmox, Level::off),
         "The user is shown an empty line.", "Add Product.", "DSP0243 9.5"},
    Rule{"OVF-812", "a product has a version and no vendor",
         everywhere(kNote).with(kVirtV2v | kProxmox, Level::off), "vSphere lists products by both.",
         "Add Vendor.", "DSP0243 9.5"},
    Rule{"OVF-813", "the icon of a product is not in the References", everywhere(kWarning),
         "It cannot be shown.", "Add the File, or correct ovf:fileRef.", "DSP0243 9.5"},
    Rule{"OVF-814", "the key of a property has blanks or odd characters",
         everywhere(kWarning).with(kVcenter | kEsxi, kError),
         "It becomes an attribute value and often the name of a shell variable in the guest.",
         "Use letters, digits, '-' and '_'.", "DSP0243 9.5.1"},
    Rule{"OVF-815", "the URL of a product is none", everywhere(kNote),
         "It is shown as a link that leads nowhere.", "Write http:// or https:// in front.",
         "DSP0243 9.5"},
    Rule{"OVF-816", "a default is not one of the values allowed",
         everywhere(kWarning).with(kVcenter | kMuster, kError),
         "The package cannot be deployed as it is.", "Correct ovf:value or the ValueMap.",
         "DSP0243 9.5.1, DSP0004 5.6.3"},
};

bool is_true(std::string_view text) {
    return text == "true" || text == "1";
}

bool is_integer(std::string_view text, bool with_sign) {
    if (with_sign && text.starts_with('-')) {
        text.remove_prefix(1);
    }
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool fits_type(std::string_view type_text, std::string_view value) {
    // vCenter cuts blanks off.
    value.remove_prefix(std::min(value.find_first_not_of(" \t\r\n"), value.size()));
    value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
    const std::string type = base::to_lower(type_text);
    if (type.starts_with("uint")) {
        return is_integer(value, false);
    }
    if (type.starts_with("sint") || type == "int") {
        return is_integer(value, true);
    }
    if (type == "boolean") {
        const std::string word = base::to_lower(value);
        return word == "true" || word == "false";
    }
    if (type.starts_with("real")) {
        double number = 0;
        const auto [end, error] =
            std::from_chars(value.data(), value.data() + value.size(), number);
        return error == std::errc{} && end == value.data() + value.size();
    }
    return true;
}

// The words in quotes of ValueMap{"a","b"}; empty when there is none.
std::vector<std::string> value_map(std::string_view qualifiers) {
    std::vector<std::string> values;
    const std::size_t start = qualifiers.find("ValueMap{");
    if (start == std::string_view::npos) {
        return values;
    }
    std::string_view rest = qualifiers.substr(start, qualifiers.find('}', start) - start);
    while (true) {
        const std::size_t open = rest.find('"');
        const std::size_t close = open == std::string_view::npos ? open : rest.find('"', open + 1);
        if (close == std::string_view::npos) {
            return values;
        }
        values.emplace_back(rest.substr(open + 1, close - open - 1));
        rest.remove_prefix(close + 1);
    }
}

bool looks_secret(std::string_view key) {
    const std::string name = base::to_lower(key);
    return name.find("passw") != std::string::npos || name.ends_with("secret") ||
           name.ends_with("passphrase");
}

void check_value(const xml::Element& property, std::string_view key, Findings& findings) {
    const auto value = property.find_attribute("value");
    const std::string_view type = attribute_of(property, "type");
    if (value && !value->empty() && !fits_type(type, *value)) {
        findings.add("OVF-806", property.place,
                     fmt::format("the default '{}' of property '{}' is no {}", *value, key, type));
    }
    const std::vector<std::string> allowed = value_map(attribute_of(property, "qualifiers"));
    if (value && !value->empty() && !allowed.empty() &&
        std::find(allowed.begin(), allowed.end(), *value) == allowed.end()) {
        findings.add("OVF-816", property.place,
                     fmt::format("the default '{}' of property '{}' is not one of those allowed",
                                 *value, key));
    }
    const bool password = is_true(attribute_of(property, "password"));
    if (password && value && !value->empty()) {
        findings.add("OVF-804", property.place,
                     fmt::format("the password '{}' has a default", key));
    }
    if (!password && looks_secret(key)) {
        findings.add("OVF-805", property.place,
                     fmt::format("property '{}' is not marked as a password", key));
    }
}

void check_property(const xml::Element& property, Findings& findings) {
    const std::string_view key = attribute_of(property, "key");
    check_value(property, key, findings);
    const bool free = is_true(attribute_of(property, "userConfigurable"));
    const bool ours = property.find_attribute("urn:muster:ovf:1", "value") ||
                      property.find_attribute("urn:muster:ovf:1", "generate");
    const bool by_vcenter =
        property.find_attribute("http://www.vmware.com/schema/ovf", "qualifiers").has_value();
    if (by_vcenter) {
        findings.add("OVF-809", property.place,
                     fmt::format("property '{}' asks vCenter for its value", key));
    }
    if (!free && !ours && !by_vcenter && !property.find_attribute("value") &&
        property.find_child("Value") == nullptr) {
        findings.add("OVF-807", property.place,
                     fmt::format("property '{}' cannot get a value", key));
    }
    if (free && property.find_child("Label") == nullptr) {
        findings.add("OVF-808", property.place, fmt::format("property '{}' has no label", key));
    }
    if (key.find_first_of(" \t\"'<>&=$`\\") != std::string_view::npos) {
        findings.add("OVF-814", property.place,
                     fmt::format("the key '{}' has odd characters", key));
    }
}

bool is_url(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://") ||
           text.starts_with("mailto:") || text.find("${") != std::string_view::npos;
}

void check_product(const DescriptorView& view, const xml::Element& product, Findings& findings) {
    const bool has_facts = product.find_child("Version") != nullptr ||
                           product.find_child("Vendor") != nullptr ||
                           product.find_child("FullVersion") != nullptr;
    if (has_facts && product.find_child("Product") == nullptr) {
        findings.add("OVF-811", product.place, "a product has no name");
    }
    if (product.find_child("Version") != nullptr && product.find_child("Vendor") == nullptr) {
        findings.add("OVF-812", product.place,
                     fmt::format("the product '{}' has a version and no vendor",
                                 child_text_of(product, "Product")));
    }
    for (const xml::Element& child : product.children) {
        if (child.local_name == "Property") {
            check_property(child, findings);
        } else if (child.local_name == "Icon" &&
                   view.find_file(attribute_of(child, "fileRef")) == nullptr) {
            findings.add("OVF-813", child.place,
                         fmt::format("the icon refers to the unknown file '{}'",
                                     attribute_of(child, "fileRef")));
        } else if (child.local_name.ends_with("Url") && !child.trimmed_text().empty() &&
                   !is_url(child.trimmed_text())) {
            findings.add("OVF-815", child.place,
                         fmt::format("the {} is '{}'", child.local_name, child.trimmed_text()));
        }
    }
}

bool has_property(const xml::Element* product) {
    return product->find_child("Property") != nullptr;
}

void check_transport(const DescriptorView& view, const SystemView& system, Findings& findings) {
    const bool of_collection =
        std::any_of(view.products.begin(), view.products.end(), has_property);
    if (!of_collection || system.hardware.empty()) {
        return;
    }
    const HardwareView& hardware = system.hardware.front();
    const std::vector<std::string> ways = words_of(attribute_of(*hardware.element, "transport"));
    const bool iso = std::find(ways.begin(), ways.end(), "iso") != ways.end();
    if (ways.empty()) {
        findings.add("OVF-801", hardware.element->place,
                     fmt::format("'{}' has no ovf:transport for its properties", system.id));
    } else if (!iso) {
        findings.add("OVF-802", hardware.element->place,
                     fmt::format("the transport of '{}' is '{}'", system.id,
                                 attribute_of(*hardware.element, "transport")));
    } else if (std::none_of(hardware.items.begin(), hardware.items.end(), [](const ItemView& item) {
                   return item.type == resource::kCdDrive || item.type == resource::kDvdDrive;
               })) {
        findings.add("OVF-803", hardware.element->place,
                     fmt::format("'{}' has no CD-ROM drive for its environment", system.id));
    }
}

// As the guest sees them: [class.]key[.instance]. Within one section the reader looks.
void check_keys(const SystemView& system, Findings& findings) {
    std::map<std::string, const xml::Element*> known;
    for (const xml::Element* product : system.products) {
        const std::string_view class_name = attribute_of(*product, "class");
        const std::string_view instance = attribute_of(*product, "instance");
        for (const xml::Element& property : product->children) {
            if (property.local_name != "Property") {
                continue;
            }
            const std::string key =
                fmt::format("{}{}{}{}{}", class_name, class_name.empty() ? "" : ".",
                            attribute_of(property, "key"), instance.empty() ? "" : ".", instance);
            const auto [other, fresh] = known.emplace(key, product);
            if (!fresh && other->second != product) {
                findings.add("OVF-810", property.place,
                             fmt::format("two sections of '{}' have the key '{}'", system.id, key));
            }
        }
    }
}

}  // namespace

Rules product_rules() {
    return kProductRules;
}

void check_products(const DescriptorView& view, Findings& findings) {
    for (const xml::Element* product : view.products) {
        check_product(view, *product, findings);
    }
    for (const SystemView& system : view.systems) {
        check_transport(view, system, findings);
        check_keys(system, findings);
    }
}

}  // namespace ovfkit::lint
