// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/descriptor_document.h"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "ovfkit/xml/names.h"

namespace ovfkit::edit {

namespace {

Dialect dialect_of(const EditableElement& envelope) {
    const std::string uri = envelope.namespace_uri();
    if (uri.starts_with("http://www.vmware.com/schema/ovf/")) {
        return Dialect::ovf09;
    }
    return uri == "http://schemas.dmtf.org/ovf/envelope/2" ? Dialect::ovf2 : Dialect::ovf1;
}

void visit(EditableElement& element, const std::function<void(EditableElement&)>& see) {
    see(element);
    for (EditableElement* child : element.children()) {
        visit(*child, see);
    }
}

}  // namespace

std::string attribute_of(const EditableElement& element, std::string_view local) {
    return element.find_attribute(local).value_or("");
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> ids_of(const std::vector<EditableElement*>& elements,
                                std::string_view attribute) {
    std::vector<std::string> ids;
    for (const EditableElement* element : elements) {
        ids.push_back(attribute_of(*element, attribute));
    }
    return ids;
}

std::string free_name(const std::string& wanted, const std::vector<std::string>& taken) {
    std::string name = wanted;
    for (int i = 2; std::find(taken.begin(), taken.end(), name) != taken.end(); ++i) {
        name = fmt::format("{}-{}", wanted, i);
    }
    return name;
}

DescriptorDocument::DescriptorDocument(std::string_view text, std::string name)
    : name_(std::move(name)), document_(text, name_), dialect_(dialect_of(document_.root())) {
    const auto children = envelope().children();
    const bool has_content = std::any_of(
        children.begin(), children.end(),
        [](const EditableElement* child) { return is_system(*child) || is_collection(*child); });
    if (envelope().local_name() != "Envelope" || !has_content) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("{}: not an OVF descriptor with a virtual system in it", name_));
    }
}

std::string DescriptorDocument::kind_of(const EditableElement& element) {
    const std::string local = element.local_name();
    if (local != "Section" && local != "Content") {
        return local;
    }
    std::string type = element.find_attribute(xml::kSchemaInstanceNamespace, "type").value_or("");
    type = xml::split_name(type).second;
    if (type.ends_with("_Type")) {
        type.resize(type.size() - 5);
    }
    return type.empty() ? local : type;
}

bool DescriptorDocument::is_system(const EditableElement& element) {
    return kind_of(element) == "VirtualSystem";
}

bool DescriptorDocument::is_collection(const EditableElement& element) {
    return kind_of(element) == "VirtualSystemCollection";
}

EditableElement& DescriptorDocument::content() const {
    for (EditableElement* child : envelope().children()) {
        if (is_system(*child) || is_collection(*child)) {
            return *child;
        }
    }
    base::unreachable("a descriptor that lost its content");
}

std::vector<EditableElement*> DescriptorDocument::all_elements() const {
    std::vector<EditableElement*> all;
    for (EditableElement* child : envelope().children()) {
        visit(*child, [&](EditableElement& element) { all.push_back(&element); });
    }
    return all;
}

std::vector<EditableElement*> DescriptorDocument::systems() const {
    std::vector<EditableElement*> found;
    visit(content(), [&](EditableElement& element) {
        if (is_system(element)) {
            found.push_back(&element);
        }
    });
    return found;
}

std::vector<EditableElement*> DescriptorDocument::collections() const {
    std::vector<EditableElement*> found;
    visit(content(), [&](EditableElement& element) {
        if (is_collection(element)) {
            found.push_back(&element);
        }
    });
    return found;
}

EditableElement* DescriptorDocument::find_system(std::string_view id) const {
    for (EditableElement* system : systems()) {
        if (attribute_of(*system, "id") == id) {
            return system;
        }
    }
    return nullptr;
}

EditableElement& DescriptorDocument::require_system(std::string_view id) const {
    if (EditableElement* system = find_system(id)) {
        return *system;
    }
    throw base::Error(base::ErrorKind::not_found,
                      fmt::format("there is no virtual system '{}'", id),
                      fmt::format("there are: {}", fmt::join(ids_of(systems(), "id"), ", ")));
}

std::vector<EditableElement*> DescriptorDocument::sections(const EditableElement& owner,
                                                           std::string_view kind) const {
    std::vector<EditableElement*> found;
    for (EditableElement* child : owner.children()) {
        if (kind_of(*child) == kind) {
            found.push_back(child);
        }
    }
    return found;
}

EditableElement* DescriptorDocument::find_section(const EditableElement& owner,
                                                  std::string_view kind) const {
    const auto found = sections(owner, kind);
    return found.empty() ? nullptr : found.front();
}

// Sections stand behind the other sections of OVF, before virtual systems and the Strings.
EditableElement& DescriptorDocument::add_section(EditableElement& owner, std::string_view kind,
                                                 std::string_view info) {
    const EditableElement* last = nullptr;
    for (const EditableElement* child : owner.children()) {
        const bool is_content = is_system(*child) || is_collection(*child);
        if (child->namespace_uri() == ovf_namespace() && !is_content &&
            child->local_name() != "Strings") {
            last = child;
        }
    }
    EditableElement& section = dialect_ == Dialect::ovf09
                                   ? owner.add_child_after(last, ovf_namespace(), "Section")
                                   : owner.add_child_after(last, ovf_namespace(), kind);
    if (dialect_ == Dialect::ovf09) {
        const std::string prefix = section.require_prefix(ovf_namespace(), true);
        section.set_attribute(xml::kSchemaInstanceNamespace, "type",
                              fmt::format("{}{}{}_Type", prefix, prefix.empty() ? "" : ":", kind));
    }
    section.add_last_child(ovf_namespace(), "Info").set_text(info);
    return section;
}

EditableElement& DescriptorDocument::obtain_section(EditableElement& owner, std::string_view kind,
                                                    std::string_view info) {
    EditableElement* found = find_section(owner, kind);
    return found != nullptr ? *found : add_section(owner, kind, info);
}

EditableElement& DescriptorDocument::obtain_child(EditableElement& owner, std::string_view local,
                                                  const std::vector<std::string_view>& before) {
    if (EditableElement* found = owner.find_child(local)) {
        return *found;
    }
    const EditableElement* last = nullptr;
    for (const EditableElement* child : owner.children()) {
        if (std::find(before.begin(), before.end(), child->local_name()) != before.end()) {
            last = child;
        }
    }
    return owner.add_child_after(last, ovf_namespace(), local);
}

void DescriptorDocument::set_child_text(EditableElement& owner, std::string_view local,
                                        std::string_view text,
                                        const std::vector<std::string_view>& before) {
    EditableElement& child = obtain_child(owner, local, before);
    child.set_text(text);
    child.remove_attribute("msgid");
}

EditableElement& DescriptorDocument::add_content(EditableElement& owner, std::string_view kind,
                                                 std::string_view id, std::string_view info) {
    const EditableElement* last = nullptr;
    for (const EditableElement* child : owner.children()) {
        if (child->local_name() != "Strings") {
            last = child;
        }
    }
    EditableElement& added = dialect_ == Dialect::ovf09
                                 ? owner.add_child_after(last, ovf_namespace(), "Content")
                                 : owner.add_child_after(last, ovf_namespace(), kind);
    added.set_attribute("id", id);
    if (dialect_ == Dialect::ovf09) {
        const std::string prefix = added.require_prefix(ovf_namespace(), true);
        added.set_attribute(xml::kSchemaInstanceNamespace, "type",
                            fmt::format("{}{}{}_Type", prefix, prefix.empty() ? "" : ":", kind));
    }
    added.add_last_child(ovf_namespace(), "Info").set_text(info);
    return added;
}

std::vector<EditableElement*> DescriptorDocument::files() const {
    const EditableElement* references = find_section(envelope(), "References");
    return references == nullptr ? std::vector<EditableElement*>{} : references->children("File");
}

std::vector<EditableElement*> DescriptorDocument::disks() const {
    const EditableElement* section = find_section(envelope(), "DiskSection");
    return section == nullptr ? std::vector<EditableElement*>{} : section->children("Disk");
}

std::vector<EditableElement*> DescriptorDocument::networks() const {
    const EditableElement* section = find_section(envelope(), "NetworkSection");
    return section == nullptr ? std::vector<EditableElement*>{} : section->children("Network");
}

namespace {

EditableElement* find_with(const std::vector<EditableElement*>& elements,
                           std::string_view attribute, std::string_view value) {
    const auto found = std::find_if(
        elements.begin(), elements.end(),
        [&](const EditableElement* element) { return attribute_of(*element, attribute) == value; });
    return found == elements.end() ? nullptr : *found;
}

}  // namespace

EditableElement* DescriptorDocument::find_file(std::string_view id) const {
    return find_with(files(), "id", id);
}

EditableElement* DescriptorDocument::find_disk(std::string_view id) const {
    return find_with(disks(), "diskId", id);
}

EditableElement* DescriptorDocument::find_network(std::string_view name) const {
    return find_with(networks(), "name", name);
}

}  // namespace ovfkit::edit
