// SPDX-License-Identifier: Apache-2.0
// OVF-02x to OVF-09x: what muster's own reader of descriptors finds. Its severity is the level for
// muster; the table says what others make of it.
#include <array>
#include <utility>

#include "ovfkit/lint/checks/checks.h"

namespace ovfkit::lint {

namespace {

constexpr std::array kReaderRules{
    Rule{"OVF-020", "an id stands twice", everywhere(kError),
         "Which of the two a reference means is anyone's guess.", "Give each its own id.",
         "DSP0243 7.1, 9.1, 9.2"},
    Rule{"OVF-021", "two files have the same href", everywhere(kError),
         "One member of the package cannot be two files.", "Refer to one File from both places.",
         "DSP0243 7.1"},
    Rule{"OVF-022", "something refers to a file that is not in the References", everywhere(kError),
         "The importer cannot find the content.", "Add the File, or correct the reference.",
         "DSP0243 7.1, 9.1"},
    Rule{"OVF-023", "something refers to a disk that is not in the DiskSection", everywhere(kError),
         "The importer cannot find the disk.", "Add the Disk, or correct the reference.",
         "DSP0243 8.3, 9.1"},
    Rule{"OVF-024", "an adapter is on a network that is not in the NetworkSection",
         everywhere(kError).with(kVirtualBox | kVirtV2v | kProxmox, kWarning),
         "Importers map networks by that list.", "Add a Network of that name.", "DSP0243 9.2"},
    Rule{"OVF-025", "the number or flag cannot be understood", everywhere(kError),
         "Readers stop, or take another value than was meant.",
         "Write a decimal number, or true or false.", "DSP8023"},
    Rule{"OVF-026", "a required attribute is missing", everywhere(kError),
         "The schema requires it.", "Add the attribute.", "DSP8023"},
    Rule{"OVF-027", "a disk with a file has no format",
         everywhere(kWarning).with(kVmware | kVirtualBox, kError),
         "Importers choose the decoder by it.",
         "Add ovf:format, for a VMDK the URI that ends in #streamOptimized.", "DSP0243 9.1"},
    Rule{"OVF-028", "a disk is said to hold more than its capacity", everywhere(kError),
         "One of the two numbers is wrong, often the unit of the capacity.",
         "Correct ovf:populatedSize (in bytes) or the capacity and its unit.", "DSP0243 9.1"},
    Rule{"OVF-029", "a disk has no capacity", everywhere(kError),
         "Nobody can make a disk of no size.", "Give the capacity of the disk's image.",
         "DSP0243 9.1"},
    Rule{"OVF-030", "several disks share one file", everywhere(kWarning),
         "OVF 0.9 does not allow it; later versions give each disk its own copy.",
         "Give each disk a file of its own.", "DSP0243 9.1"},
    Rule{"OVF-031", "a disk is its own ancestor", everywhere(kError),
         "The chain of parents never ends.", "Correct ovf:parentRef.", "DSP0243 9.1"},
    Rule{"OVF-032", "a unit is not understood", everywhere(kError), "The amount cannot be told.",
         "Write a unit like 'byte * 2^20'.", "DSP0004 annex C"},
    Rule{"OVF-033", "a hardware item is beside a controller that does not exist",
         everywhere(kWarning).with(kVmware | kVirtualBox | kProxmox, kError),
         "The device has nowhere to be plugged in.",
         "Let rasd:Parent be the InstanceID of a controller.", "DSP0243 8.3"},
    Rule{"OVF-034", "the bound of a hardware item is unknown", everywhere(kError),
         "It is neither a limit nor an amount.", "Write min, normal or max.", "DSP0243 8.4"},
    Rule{"OVF-035", "a hardware item has no resource type", everywhere(kError),
         "Nobody knows what device it is.", "Add rasd:ResourceType.", "DSP0243 8.3"},
    Rule{"OVF-036", "a section stands where it does not belong", everywhere(kError),
         "Readers look for it elsewhere and miss it.", "Move it to its place.", "DSP0243 table 3"},
    Rule{"OVF-037", "there is more than one virtual system or collection at the top",
         everywhere(kError), "An envelope holds one.", "Put them into a VirtualSystemCollection.",
         "DSP0243 7.1"},
    Rule{"OVF-038", "the envelope describes no virtual system", everywhere(kError),
         "There is nothing to deploy.", "Add a VirtualSystem.", "DSP0243 7.1"},
    Rule{"OVF-039", "a section that must be understood is unknown",
         everywhere(kWarning).with(kVmware | kMuster, kError),
         "A section without ovf:required=\"false\" must be understood by whoever deploys.",
         "Mark it ovf:required=\"false\" when a deployment can do without.", "DSP0243 7.1"},
    Rule{"OVF-040", "a section is read and not honoured", only(kMuster, kNote),
         "muster has no use for it.", "Nothing, if a deployment can do without.", "DSP0243 9"},
    Rule{"OVF-041", "an element that must be understood is unknown",
         everywhere(kWarning).with(kVmware | kMuster, kError),
         "An unknown element without ovf:required=\"false\" makes the section invalid.",
         "Mark it ovf:required=\"false\" when a deployment can do without.", "DSP0243 7.1"},
    Rule{"OVF-043", "two configurations are the default", everywhere(kError), "Only one can be.",
         "Leave ovf:default with one of them.", "DSP0243 9.8"},
    Rule{"OVF-044", "the StartupSection names a system that does not exist", everywhere(kError),
         "Nothing starts for that item.", "Use the ovf:id of a system beside the section.",
         "DSP0243 9.7"},
    Rule{"OVF-045", "a property has an unknown type", everywhere(kError),
         "Values cannot be checked and vCenter refuses the package.",
         "Use string, boolean, int, real or one of the types of table 6.", "DSP0243 9.5.1"},
    Rule{"OVF-046", "the key of a property has a '.' or ':'",
         everywhere(kWarning).with(kVirtualBox | kVirtV2v | kProxmox | kOracleVm, kNote),
         "Both separate class, key and instance in the guest's environment.",
         "Use letters, digits, '-' and '_'.", "DSP0243 9.5.1"},
    Rule{"OVF-047", "a value is for a configuration that does not exist", everywhere(kError),
         "It is never used.", "Add the Configuration, or remove the value.", "DSP0243 9.5, 9.8"},
    Rule{"OVF-048", "two ProductSections have the same class and instance", everywhere(kError),
         "Their properties collide in the guest's environment.",
         "Give one of them another ovf:instance.", "DSP0243 9.5"},
    Rule{"OVF-049", "two properties of a section have the same key", everywhere(kError),
         "Only one value reaches the guest.", "Rename one of them.", "DSP0243 9.5.1"},
    Rule{"OVF-050", "the version contradicts the namespace", everywhere(kError),
         "Readers go by one or the other.", "Correct ovf:version.", "DSP0243 7.1"},
    Rule{"OVF-051", "the envelope has no namespace", everywhere(kError).with(kMuster, kWarning),
         "Importers look for elements of the namespace of OVF and find none.",
         "Add xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\".", "DSP0243 6"},
    Rule{"OVF-052", "a file has an unknown compression", everywhere(kError),
         "Nobody can unpack it.", "Use gzip, or none.", "DSP0243 7.1"},
    Rule{"OVF-053", "a size is negative", everywhere(kWarning),
         "The field means 'unknown' by it; the schema knows no negative sizes.",
         "Leave the attribute out.", "DSP8023; field: ovf:size=\"-1\""},
    Rule{"OVF-054", "muster's own section is wrong", only(kMuster, kError),
         "The machine could not be started as it says.", "Correct the section.",
         "urn:muster:ovf:1"},
    Rule{"OVF-090", "the descriptor breaks the standard in another way", everywhere(kError),
         "The reader found it; see its words.", "Correct it at the place named.", "DSP0243"},
    Rule{"OVF-091", "the descriptor needs something that muster does not do", only(kMuster, kError),
         "A deployment would not be what was meant.",
         "Remove it, or mark it ovf:required=\"false\".", "DSP0243 7.1"},
    Rule{"OVF-092", "the reader has a remark", only(kMuster, kNote),
         "Read, and taken in another way than it is written, or not honoured.",
         "Nothing has to be done.", "muster"},
};

struct Meaning {
    std::string_view code;  // of a Diagnostic
    std::string_view rule;
};
constexpr std::array kMeanings{
    Meaning{"duplicate-id", "OVF-020"},
    Meaning{"duplicate-href", "OVF-021"},
    Meaning{"unknown-file", "OVF-022"},
    Meaning{"unknown-disk", "OVF-023"},
    Meaning{"unknown-network", "OVF-024"},
    Meaning{"bad-number", "OVF-025"},
    Meaning{"bad-boolean", "OVF-025"},
    Meaning{"missing-attribute", "OVF-026"},
    Meaning{"missing-format", "OVF-027"},
    Meaning{"populated-over-capacity", "OVF-028"},
    Meaning{"no-capacity", "OVF-029"},
    Meaning{"shared-file", "OVF-030"},
    Meaning{"parent-cycle", "OVF-031"},
    Meaning{"bad-units", "OVF-032"},
    Meaning{"unknown-parent", "OVF-033"},
    Meaning{"bad-bound", "OVF-034"},
    Meaning{"missing-resource-type", "OVF-035"},
    Meaning{"misplaced-section", "OVF-036"},
    Meaning{"second-content", "OVF-037"},
    Meaning{"no-content", "OVF-038"},
    Meaning{"unknown-content", "OVF-038"},
    Meaning{"unknown-section", "OVF-039"},
    Meaning{"section-not-honoured", "OVF-040"},
    Meaning{"unknown-element", "OVF-041"},
    Meaning{"missing-info", "OVF-107"},
    Meaning{"second-default", "OVF-043"},
    Meaning{"unknown-system", "OVF-044"},
    Meaning{"unknown-type", "OVF-045"},
    Meaning{"odd-key", "OVF-046"},
    Meaning{"unknown-configuration", "OVF-047"},
    Meaning{"duplicate-product", "OVF-048"},
    Meaning{"duplicate-key", "OVF-049"},
    Meaning{"bad-version", "OVF-050"},
    Meaning{"no-namespace", "OVF-051"},
    Meaning{"unknown-compression", "OVF-052"},
    Meaning{"negative-size", "OVF-053"},
    Meaning{"bad-count", "OVF-054"},
    Meaning{"bad-port", "OVF-054"},
    Meaning{"bad-readiness", "OVF-054"},
    Meaning{"bad-template", "OVF-054"},
    Meaning{"unknown-reference", "OVF-054"},
};

std::string_view rule_of(const Diagnostic& diagnostic) {
    for (const Meaning& meaning : kMeanings) {
        if (meaning.code == diagnostic.code) {
            return meaning.rule;
        }
    }
    switch (diagnostic.severity) {
        case Severity::error: return "OVF-090";
        case Severity::unsupported: return "OVF-091";
        case Severity::warning:
        case Severity::note: break;
    }
    return "OVF-092";
}

Level level_of(Severity severity) {
    switch (severity) {
        case Severity::note: return kNote;
        case Severity::warning: return kWarning;
        case Severity::error:
        case Severity::unsupported: break;
    }
    return kError;
}

}  // namespace

Rules reader_rules() {
    return kReaderRules;
}

void report_diagnostics(const Diagnostics& diagnostics, Findings& findings) {
    for (const Diagnostic& diagnostic : diagnostics) {
        findings.add_as(rule_of(diagnostic), level_of(diagnostic.severity), diagnostic.place,
                        diagnostic.text);
    }
}

}  // namespace ovfkit::lint
