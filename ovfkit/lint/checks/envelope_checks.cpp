// SPDX-License-Identifier: Apache-2.0
// OVF-1xx: the envelope and its sections as a whole.
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/letter_case.h"
#include "ovfkit/descriptor/read/reading.h"
#include "ovfkit/lint/checks/checks.h"

namespace ovfkit::lint {

namespace {

using Version = DescriptorView::Version;

constexpr std::array kEnvelopeRules{
    Rule{"OVF-101", "the descriptor is of OVF 0.9",
         everywhere(kWarning).with(kVirtV2v | kProxmox | kOracleVm, kError).with(kMuster, kNote),
         "VMware's namespace of 2008; virt-v2v and Proxmox look for the one of OVF 1 and find "
         "no virtual system.",
         "Export it again with a later version of the product.",
         "virt-v2v input/OVF.ml, pve-storage GuestImport/OVF.pm"},
    Rule{"OVF-102", "the descriptor is of OVF 2",
         only(kVmware | kVirtV2v | kProxmox | kOracleVm, kError),
         "VMware's products and the importers named read OVF 1 only.",
         "Write OVF 1.1: its namespace, and Item for StorageItem and EthernetPortItem.",
         "field: blackarch#1937, websploit#1; DSP0243 2.1, 6"},
    Rule{"OVF-103", "the sections of the envelope are out of order",
         everywhere(kNote).with(kVmware, kWarning),
         "The schema wants References, then sections, then the content, then Strings.",
         "Reorder them.", "DSP8023 EnvelopeType"},
    Rule{"OVF-104", "the envelope has no References",
         everywhere(kWarning).with(kVmware | kVirtualBox, kError),
         "The schema requires the element, even when it is empty.", "Add <References/>.",
         "DSP8023 EnvelopeType"},
    Rule{"OVF-105", "an attribute of OVF is written without its prefix",
         everywhere(kWarning).with(kVirtV2v | kProxmox, kError),
         "Attributes without a prefix are in no namespace; XPath and schema do not find them.",
         "Write ovf:id, ovf:href and so on.", "DSP8023 attributeFormDefault"},
    Rule{"OVF-106", "a section stands more often than it may", everywhere(kError),
         "Readers take the first or the last.", "Merge them into one.", "DSP0243 table 3"},
    Rule{"OVF-107", "a section has no Info",
         everywhere(kWarning).with(kVirtualBox | kVirtV2v | kProxmox, kNote),
         "The schema requires one in each section, and ovftool checks it.",
         "Add an Info that says what the section is.", "DSP0243 7.1, DSP8023"},
    Rule{"OVF-108", "a vendor's section is not marked ovf:required=\"false\"",
         only(kVmware | kOracleVm, kError), "Who does not know it must refuse the package.",
         "Add ovf:required=\"false\" to the element.", "DSP0243 7.1; field: vbox:Machine"},
    Rule{"OVF-109", "VMware's settings are not marked ovf:required=\"false\"",
         everywhere(kNote).with(kVmware, Level::off),
         "Other products must refuse what they do not know and must understand.",
         "Add ovf:required=\"false\" to vmw:Config and vmw:ExtraConfig.", "DSP0243 7.1"},
    Rule{"OVF-110", "the content of the envelope is a collection",
         only(kEsxi | kWorkstation | kVirtV2v | kProxmox | kOracleVm, kError),
         "It imports single virtual systems only; virt-v2v and Proxmox find nothing at all.",
         "Split it into packages of one system: muster edit --split.",
         "virt-v2v input/OVF.ml, pve-storage GuestImport/OVF.pm, vSphere: vApps need vCenter"},
    Rule{"OVF-111", "collections are nested",
         everywhere(kNote).with(kVirtualBox, kWarning).with(kVcenter | kMuster, Level::off),
         "Most importers that read collections read one level.", "Put all systems side by side.",
         "DSP0243 9.4"},
    Rule{"OVF-112", "there are deployment configurations",
         only(kVirtualBox | kVirtV2v | kProxmox | kOracleVm, kWarning),
         "Items of all configurations are taken together: the first amount found wins, and devices "
         "appear that were meant for one configuration.",
         "Make a package for each configuration.",
         "DSP0243 9.8; virt-v2v and pve-storage read Items without ovf:configuration"},
    Rule{"OVF-113", "external message bundles are used",
         everywhere(kNote).with(kVcenter | kMuster, Level::off),
         "Importers show the text of the descriptor, or nothing where it has only a message id.",
         "Keep the default text in the element as well.", "DSP0243 10"},
    Rule{"OVF-114", "a text has only a message id", everywhere(kWarning).with(kVcenter, kNote),
         "Importers that do not read Strings show an empty text.",
         "Write the default text into the element.", "DSP0243 10.1"},
    Rule{"OVF-115", "several Strings are for the same language", everywhere(kWarning),
         "Which one counts is not said.", "Merge them.", "DSP0243 10.2"},
    Rule{"OVF-116", "hardware items have limits",
         everywhere(kNote)
             .with(kVirtualBox | kVirtV2v | kProxmox, kWarning)
             .with(kVcenter | kMuster, Level::off),
         "Importers that do not know ovf:bound take a limit for an amount or a device.",
         "Leave one Item without ovf:bound and put it first.", "DSP0243 8.4"},
};

bool is_vmware(const xml::Element& element) {
    return element.namespace_uri == "http://www.vmware.com/schema/ovf";
}

bool is_optional(const xml::Element& element) {
    const std::string_view required = attribute_of(element, "required");
    return required == "false" || required == "0";
}

bool is_ovf(const xml::Element& element, const DescriptorView& view) {
    return element.namespace_uri == view.root.namespace_uri;
}

// References 0, sections 1, content 2, Strings 3.
int rank_of(const xml::Element& child) {
    const std::string name = section_name(child);
    if (name == "References") {
        return 0;
    }
    if (name == "VirtualSystem" || name == "VirtualSystemCollection") {
        return 2;
    }
    return name == "Strings" ? 3 : 1;
}

void check_order(const DescriptorView& view, Findings& findings) {
    int last = 0;
    bool has_references = false;
    for (const xml::Element& child : view.root.children) {
        const int rank = rank_of(child);
        has_references = has_references || rank == 0;
        if (rank < last && is_ovf(child, view)) {
            findings.add("OVF-103", child.place,
                         fmt::format("{} stands too late in the envelope", section_name(child)));
        }
        last = std::max(last, rank);
    }
    if (!has_references) {
        findings.add("OVF-104", view.root.place, "the envelope has no References");
    }
}

void check_attributes(const xml::Element& element, const DescriptorView& view, Findings& findings) {
    static constexpr std::array<std::string_view, 12> kQualified{
        "id",   "href", "diskId", "fileRef",          "capacity", "format",
        "name", "key",  "type",   "userConfigurable", "value",    "configuration"};
    for (const xml::Attribute& attribute : element.attributes) {
        const bool known = std::find(kQualified.begin(), kQualified.end(), attribute.local_name) !=
                           kQualified.end();
        if (attribute.namespace_uri.empty() && known && is_ovf(element, view)) {
            findings.add("OVF-105", element.place,
                         fmt::format("the attribute '{}' of {} is written without the prefix of "
                                     "OVF",
                                     attribute.local_name, element.local_name));
        }
    }
    if (element.text.empty() && element.children.empty() && is_ovf(element, view) &&
        !attribute_of(element, "msgid").empty()) {
        findings.add("OVF-114", element.place,
                     fmt::format("{} has the message id '{}' and no text", element.local_name,
                                 attribute_of(element, "msgid")));
    }
    for (const xml::Element& child : element.children) {
        check_attributes(child, view, findings);
    }
}

// Sections of which a parent has one at most.
void check_repeats(const xml::Element& parent, Findings& findings) {
    static constexpr std::array<std::string_view, 8> kOnce{
        "References",        "DiskSection",    "NetworkSection",         "DeploymentOptionSection",
        "AnnotationSection", "StartupSection", "OperatingSystemSection", "InstallSection"};
    std::map<std::string, int> seen;
    for (const xml::Element& child : parent.children) {
        const std::string name = section_name(child);
        if (std::find(kOnce.begin(), kOnce.end(), name) != kOnce.end() && ++seen[name] == 2) {
            findings.add("OVF-106", child.place, fmt::format("there is a second {}", name));
        }
    }
}

void check_vendor_elements(const DescriptorView& view, Findings& findings) {
    for (const SystemView& system : view.systems) {
        for (const xml::Element& child : system.element->children) {
            if (child.namespace_uri == "http://www.virtualbox.org/ovf/machine" &&
                !is_optional(child)) {
                findings.add(
                    "OVF-108", child.place,
                    fmt::format("vbox:{} is not marked ovf:required=\"false\"", child.local_name));
            }
        }
        for (const HardwareView& hardware : system.hardware) {
            const auto& children = hardware.element->children;
            const auto count = std::count_if(
                children.begin(), children.end(),
                [](const xml::Element& child) { return is_vmware(child) && !is_optional(child); });
            if (count > 0) {
                findings.add("OVF-109", hardware.element->place,
                             fmt::format("{} of VMware's settings are not marked "
                                         "ovf:required=\"false\"",
                                         count));
            }
        }
    }
}

void check_collections(const DescriptorView& view, Findings& findings) {
    if (view.collections.empty()) {
        return;
    }
    const xml::Element& top = *view.collections.front();
    findings.add("OVF-110", top.place,
                 fmt::format("the content is the collection '{}' of {} systems",
                             attribute_of(top, "id"), view.systems.size()));
    for (std::size_t i = 1; i < view.collections.size(); ++i) {
        findings.add("OVF-111", view.collections[i]->place,
                     fmt::format("the collection '{}' is inside another one",
                                 attribute_of(*view.collections[i], "id")));
    }
}

std::string_view language_of(const xml::Element& strings) {
    for (const xml::Attribute& attribute : strings.attributes) {
        if (attribute.local_name == "lang") {
            return attribute.value;
        }
    }
    return {};
}

void check_strings(const DescriptorView& view, Findings& findings) {
    std::map<std::string, int> languages;
    for (const xml::Element& child : view.root.children) {
        if (child.local_name != "Strings") {
            continue;
        }
        if (!attribute_of(child, "fileRef").empty()) {
            findings.add(
                "OVF-113", child.place,
                fmt::format("the messages of '{}' are in a file of their own", language_of(child)));
        }
        if (++languages[base::to_lower(language_of(child))] == 2) {
            findings.add("OVF-115", child.place,
                         fmt::format("there are several Strings for '{}'", language_of(child)));
        }
    }
}

void check_choices(const DescriptorView& view, Findings& findings) {
    for (const xml::Element* section : view.sections) {
        if (section_name(*section) == "DeploymentOptionSection") {
            const auto count = std::count_if(
                section->children.begin(), section->children.end(),
                [](const xml::Element& child) { return child.local_name == "Configuration"; });
            findings.add("OVF-112", section->place,
                         fmt::format("there are {} deployment configurations", count));
        }
        // OVF 0.9 is the reader's business.
        if (view.version != Version::v09 && is_ovf(*section, view) &&
            section->find_child("Info") == nullptr) {
            findings.add("OVF-107", section->place,
                         fmt::format("{} has no Info", section_name(*section)));
        }
    }
    for (const SystemView& system : view.systems) {
        for (const HardwareView& hardware : system.hardware) {
            const auto limited = std::find_if(
                hardware.items.begin(), hardware.items.end(),
                [](const ItemView& item) { return item.bound == "min" || item.bound == "max"; });
            if (limited != hardware.items.end()) {
                findings.add("OVF-116", limited->element->place,
                             fmt::format("{} is the {} of what is allowed", limited->name(),
                                         limited->bound));
            }
        }
    }
}

}  // namespace

Rules envelope_rules() {
    return kEnvelopeRules;
}

void check_envelope(const DescriptorView& view, Findings& findings) {
    if (view.version == Version::v09) {
        findings.add("OVF-101", view.root.place, "the descriptor is of OVF 0.9");
    } else if (view.version == Version::v2) {
        findings.add("OVF-102", view.root.place, "the descriptor is of OVF 2");
    }
    // OVF 0.9 writes its sections in another form.
    if (view.version != Version::v09) {
        check_order(view, findings);
    }
    check_attributes(view.root, view, findings);
    check_repeats(view.root, findings);
    for (const xml::Element* collection : view.collections) {
        check_repeats(*collection, findings);
    }
    for (const SystemView& system : view.systems) {
        check_repeats(*system.element, findings);
    }
    check_vendor_elements(view, findings);
    check_collections(view, findings);
    check_strings(view, findings);
    check_choices(view, findings);
}

}  // namespace ovfkit::lint
