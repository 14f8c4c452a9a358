// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/read_envelope.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ovfkit/descriptor/messages/localise.h"
#include "ovfkit/descriptor/read/reading.h"
#include "ovfkit/descriptor/validate_envelope.h"
#include "ovfkit/xml/foreign_document.h"
#include "ovfkit/xml/names.h"

namespace ovfkit {

namespace {

constexpr std::string_view kDmtfPrefix = "http://schemas.dmtf.org/ovf/envelope/";

// Sections of a system or collection, which must not stand in the envelope.
constexpr std::array<std::string_view, 6> kContentSections{
    "AnnotationSection",      "ProductSection",         "EulaSection",
    "VirtualHardwareSection", "OperatingSystemSection", "StartupSection"};

[[noreturn]] void fail(base::ErrorKind kind, const std::string& name, const xml::Element& root,
                       const std::string& text, std::string hint) {
    throw base::Error(kind, format_diagnostic({Severity::error, root.place, "", text}, name),
                      std::move(hint));
}

// The version by namespace; the attribute is free text in 1.x files.
std::string version_of(Reading& reading, const xml::Element& root, const std::string& name) {
    const std::string attribute(root.find_attribute("version").value_or(""));
    if (root.namespace_uri == kVmwareNamespace09) {
        if (attribute != "0.9") {
            reading.error(root.place, "bad-version",
                          fmt::format("the envelope is of version '{}', which its namespace does "
                                      "not have; it must be 0.9",
                                      attribute));
        }
        return "0.9";
    }
    if (root.namespace_uri == "http://schemas.dmtf.org/ovf/envelope/1" ||
        root.namespace_uri == "http://schemas.dmtf.org/ovf/1/envelope") {
        return attribute.starts_with("1.") ? attribute : "1.0";
    }
    if (root.namespace_uri == "http://schemas.dmtf.org/ovf/envelope/2") {
        return attribute.starts_with("2.") ? attribute : "2.0";
    }
    if (root.namespace_uri.empty() || root.namespace_uri.starts_with("unbound:")) {
        reading.warning(root.place, "no-namespace",
                        "the envelope has no namespace and is taken for OVF 1");
        return "1.0";
    }
    fail(base::ErrorKind::unsupported, name, root,
         fmt::format("an envelope of the namespace '{}' is not supported", root.namespace_uri),
         fmt::format("muster reads OVF 0.9, 1.x and 2.x ({}1 and {}2)", kDmtfPrefix, kDmtfPrefix));
}

void read_child(Reading& reading, const xml::Element& child, Envelope& envelope) {
    const std::string name = section_name(child);
    reading.check_info(child, name);
    if (name == "References") {
        read_references(reading, child, envelope);
    } else if (name == "DiskSection") {
        read_disks(reading, child, envelope);
    } else if (name == "NetworkSection") {
        read_networks(reading, child, envelope);
    } else if (name == "DeploymentOptionSection") {
        read_configurations(reading, child, envelope);
    } else if (name == "SharedDiskSection") {
        read_shared_disks(reading, child, envelope);
    } else if (name == "PlacementGroupSection") {
        read_placement_group(reading, child, envelope);
    } else if (name == "EncryptionSection") {
        read_encryption(reading, child, envelope);
    } else if (name == "Strings") {
        envelope.message_bundles.push_back(read_bundle(reading, child));
    } else if (name == "VirtualSystem" || name == "VirtualSystemCollection") {
        if (envelope.content) {
            reading.error(child.place, "second-content",
                          "the envelope has more than one virtual system or collection at its top");
        } else {
            envelope.content = read_content(reading, child, name);
        }
    } else if (std::find(kContentSections.begin(), kContentSections.end(), name) !=
               kContentSections.end()) {
        reading.error(child.place, "misplaced-section",
                      fmt::format("{} belongs into a virtual system, not into the envelope", name));
    } else if (name == "Content") {
        reading.error(child.place, "unknown-content",
                      "the Content of the envelope is neither a virtual system nor a collection");
    } else {
        envelope.unknown_sections.push_back(reading.unknown_section(child, name, "the envelope"));
    }
}

}  // namespace

EnvelopeReading examine_envelope(std::string_view text, const std::string& name) {
    return examine_envelope(xml::parse_foreign_document(text, name), name);
}

EnvelopeReading examine_envelope(const xml::Element& root, const std::string& name) {
    if (root.local_name != "Envelope") {
        fail(base::ErrorKind::invalid_input, name, root,
             fmt::format("not an OVF descriptor: it begins with '{}', not Envelope",
                         root.local_name),
             root.local_name == "html" ? "this is a web page: was a download answered by an error?"
                                       : "");
    }
    Reading reading;
    Envelope envelope;
    envelope.version = version_of(reading, root, name);
    reading.is_version_09 = envelope.version == "0.9";
    if (const auto language = root.find_attribute(xml::kXmlNamespace, "lang")) {
        envelope.language = *language;
    }
    reading.check_once(root, {"References", "DiskSection", "SharedDiskSection", "NetworkSection",
                              "DeploymentOptionSection"});
    for (const xml::Element& child : root.children) {
        read_child(reading, child, envelope);
    }
    if (envelope.content) {
        std::visit(
            [&](const auto& content) {
                envelope.id = content.id;
                envelope.name = content.name.empty() ? content.id : content.name;
            },
            *envelope.content);
    }
    localise(envelope, "");
    Diagnostics found = validate_envelope(envelope);
    std::move(found.begin(), found.end(), std::back_inserter(reading.diagnostics));
    std::stable_sort(
        reading.diagnostics.begin(), reading.diagnostics.end(),
        [](const Diagnostic& a, const Diagnostic& b) { return a.place.line < b.place.line; });
    return {std::move(envelope), std::move(reading.diagnostics)};
}

Envelope read_envelope(std::string_view text, const std::string& name) {
    return read_envelope(xml::parse_foreign_document(text, name), name);
}

Envelope read_envelope(const xml::Element& root, const std::string& name) {
    EnvelopeReading reading = examine_envelope(root, name);
    if (has_errors(reading.diagnostics)) {
        throw error_of_diagnostics(reading.diagnostics, name);
    }
    return std::move(reading.envelope);
}

}  // namespace ovfkit
