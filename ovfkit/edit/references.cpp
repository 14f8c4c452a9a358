// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/references.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/extensions.h"
#include "ovfkit/descriptor/value_template.h"

namespace ovfkit::edit {

namespace {

constexpr std::string_view kFileRef = "fileRef";

// The elements of machine sections that name files.
std::vector<std::pair<EditableElement*, std::string>> boot_files(
    const DescriptorDocument& document) {
    std::vector<std::pair<EditableElement*, std::string>> found;
    for (EditableElement* element : document.all_elements()) {
        if (element->local_name() == "Boot" && element->namespace_uri() == kMusterNamespace) {
            for (const char* name : {"kernel", "initrd"}) {
                if (element->find_attribute(name)) {
                    found.emplace_back(element, name);
                }
            }
        }
    }
    return found;
}

std::vector<EditableElement*> named(const DescriptorDocument& document, std::string_view local) {
    std::vector<EditableElement*> found = document.all_elements();
    std::erase_if(found,
                  [&](const EditableElement* element) { return element->local_name() != local; });
    return found;
}

void replace_attribute(const DescriptorDocument& document, std::string_view attribute,
                       const std::string& from, const std::string& to) {
    for (EditableElement* element : document.all_elements()) {
        if (element->find_attribute(attribute) == from) {
            element->set_attribute(attribute, to);
        }
    }
}

void replace_resource(const DescriptorDocument& document, bool is_disk, const std::string& from,
                      const std::string& to) {
    for (EditableElement* element : named(document, "HostResource")) {
        const std::string text = element->text();
        const auto resource = parse_host_resource(text);
        if (resource && resource->is_disk == is_disk && resource->id == from &&
            text.ends_with(from)) {
            element->set_text(text.substr(0, text.size() - from.size()) + to);
        }
    }
}

std::string format_template(const std::vector<TemplatePart>& parts) {
    std::string text;
    for (const TemplatePart& part : parts) {
        if (!part.reference) {
            std::string_view rest = part.text;
            for (std::size_t at = rest.find("${"); at != std::string_view::npos;
                 at = rest.find("${")) {
                text += fmt::format("{}${}", rest.substr(0, at), "${");
                rest.remove_prefix(at + 2);
            }
            text += rest;
            continue;
        }
        const TemplateReference& reference = *part.reference;
        using Kind = TemplateReference::Kind;
        const std::string_view way = reference.kind == Kind::ip    ? "ip."
                                     : reference.kind == Kind::ips ? "ips."
                                                                   : "";
        text += fmt::format("${{{}.{}{}}}", reference.machine, way, reference.name);
    }
    return text;
}

// Templates of others that are not understood stay as they are: the reader of the result says so.
std::vector<TemplatePart> template_of(const EditableElement& element) {
    try {
        return parse_value_template(element.find_attribute(kMusterNamespace, "value").value_or(""));
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::invalid_input) {
            throw;
        }
        return {};
    }
}

void change_templates(const DescriptorDocument& document,
                      const std::function<void(TemplateReference&)>& change) {
    for (EditableElement* element : named(document, "Property")) {
        const std::vector<TemplatePart> before = template_of(*element);
        std::vector<TemplatePart> after = before;
        for (TemplatePart& part : after) {
            if (part.reference) {
                change(*part.reference);
            }
        }
        if (after != before) {
            element->set_attribute(kMusterNamespace, "value", format_template(after));
        }
    }
}

bool is_extension(const EditableElement& element, std::string_view local) {
    return element.local_name() == local && element.namespace_uri() == kMusterNamespace;
}

}  // namespace

std::vector<EditableElement*> items_of_resource(const DescriptorDocument& document, bool is_disk,
                                                std::string_view id) {
    std::vector<EditableElement*> items;
    for (EditableElement* element : named(document, "HostResource")) {
        const auto resource = parse_host_resource(element->text());
        if (resource && resource->is_disk == is_disk && resource->id == id) {
            items.push_back(element->parent());
        }
    }
    return items;
}

std::vector<EditableElement*> items_on_network(const DescriptorDocument& document,
                                               std::string_view name) {
    std::vector<EditableElement*> items;
    for (EditableElement* element : named(document, "Connection")) {
        if (element->text() == name) {
            items.push_back(element->parent());
        }
    }
    return items;
}

std::string system_around(const EditableElement& element) {
    for (const EditableElement* above = &element; above != nullptr; above = above->parent()) {
        if (DescriptorDocument::is_system(*above)) {
            return attribute_of(*above, "id");
        }
    }
    return "";
}

Uses uses_of(const DescriptorDocument& document) {
    Uses uses;
    for (EditableElement* element : document.all_elements()) {
        const std::string local = element->local_name();
        if (const auto file = element->find_attribute(kFileRef)) {
            uses.files.insert(*file);
        }
        if (const auto parent = element->find_attribute("parentRef")) {
            uses.disks.insert(*parent);
        }
        if (local != "Disk" && element->find_attribute("diskId")) {
            uses.disks.insert(attribute_of(*element, "diskId"));
        }
        if (local == "Connection") {
            uses.networks.insert(element->text());
        }
        if (const auto resource =
                local == "HostResource" ? parse_host_resource(element->text()) : std::nullopt) {
            (resource->is_disk ? uses.disks : uses.files).insert(resource->id);
        }
    }
    for (const auto& [element, name] : boot_files(document)) {
        uses.files.insert(attribute_of(*element, name));
    }
    return uses;
}

void rename_file_id(DescriptorDocument& document, const std::string& from, const std::string& to) {
    if (EditableElement* file = document.find_file(from)) {
        file->set_attribute("id", to);
    }
    replace_attribute(document, kFileRef, from, to);
    replace_resource(document, false, from, to);
    for (const auto& [element, name] : boot_files(document)) {
        if (element->find_attribute(name) == from) {
            element->set_attribute(name, to);
        }
    }
}

void rename_disk_id(DescriptorDocument& document, const std::string& from, const std::string& to) {
    replace_attribute(document, "diskId", from, to);
    replace_attribute(document, "parentRef", from, to);
    replace_resource(document, true, from, to);
}

void rename_system_id(DescriptorDocument& document, const std::string& from,
                      const std::string& to) {
    if (EditableElement* system = document.find_system(from)) {
        system->set_attribute("id", to);
    }
    for (EditableElement* collection : document.collections()) {
        if (attribute_of(*collection, "id") == from) {
            collection->set_attribute("id", to);
        }
        for (EditableElement* section : document.sections(*collection, "StartupSection")) {
            for (EditableElement* item : section->children("Item")) {
                if (attribute_of(*item, "id") == from) {
                    item->set_attribute("id", to);
                }
            }
        }
    }
    for (EditableElement* element : document.all_elements()) {
        const bool names_machine =
            is_extension(*element, "Publish") || is_extension(*element, "Endpoint");
        if (names_machine && attribute_of(*element, "machine") == from) {
            element->set_attribute("machine", to);
        }
    }
    change_templates(document, [&](TemplateReference& reference) {
        if (reference.machine == from) {
            reference.machine = to;
        }
    });
}

void rename_network(DescriptorDocument& document, const std::string& from, const std::string& to) {
    if (EditableElement* network = document.find_network(from)) {
        network->set_attribute("name", to);
    }
    for (EditableElement* element : named(document, "Connection")) {
        if (element->text() == from) {
            element->set_text(to);
        }
    }
    for (EditableElement* element : document.all_elements()) {
        if (is_extension(*element, "Network") && attribute_of(*element, "name") == from) {
            element->set_attribute("name", to);
        }
        if (is_extension(*element, "Endpoint") && attribute_of(*element, "network") == from) {
            element->set_attribute("network", to);
        }
    }
    change_templates(document, [&](TemplateReference& reference) {
        if (reference.kind != TemplateReference::Kind::property && reference.name == from) {
            reference.name = to;
        }
    });
}

std::vector<std::string> systems_filled_in_from(const DescriptorDocument& document,
                                                std::string_view id) {
    std::vector<std::string> systems;
    for (EditableElement* property : named(document, "Property")) {
        const std::string owner = system_around(*property);
        const auto parts = template_of(*property);
        const bool refers = std::any_of(parts.begin(), parts.end(), [&](const TemplatePart& part) {
            return part.reference && part.reference->machine == id;
        });
        if (refers && owner != id &&
            std::find(systems.begin(), systems.end(), owner) == systems.end()) {
            systems.push_back(owner);
        }
    }
    return systems;
}

std::string with_chunk_size(const std::string& text, const std::string& name,
                            std::uint64_t chunk_bytes) {
    DescriptorDocument document(text, name);
    for (EditableElement* file : document.files()) {
        file->set_attribute("chunkSize", std::to_string(chunk_bytes));
    }
    return document.text();
}

Pruned prune(DescriptorDocument& document, const Uses& before, bool with_networks) {
    Pruned pruned;
    const auto went = [](const std::set<std::string>& then, const std::set<std::string>& now,
                         const std::string& id) { return then.contains(id) && !now.contains(id); };
    // A disk may have been kept by its child only: once more after each.
    for (bool again = true; again;) {
        again = false;
        const Uses now = uses_of(document);
        for (EditableElement* disk : document.disks()) {
            const std::string id = attribute_of(*disk, "diskId");
            if (went(before.disks, now.disks, id)) {
                disk->parent()->remove_child(*disk);
                pruned.disks.push_back(id);
                again = true;
                break;
            }
        }
    }
    const Uses now = uses_of(document);
    for (EditableElement* file : document.files()) {
        if (went(before.files, now.files, attribute_of(*file, "id"))) {
            pruned.members.push_back(attribute_of(*file, "href"));
            file->parent()->remove_child(*file);
        }
    }
    for (EditableElement* network : document.networks()) {
        const std::string name = attribute_of(*network, "name");
        if (with_networks && went(before.networks, now.networks, name)) {
            pruned.networks.push_back(name);
            network->parent()->remove_child(*network);
        }
    }
    // An empty section would say nothing.
    for (const std::string_view kind : {"DiskSection", "NetworkSection"}) {
        EditableElement* section = document.find_section(document.envelope(), kind);
        const bool empty = section != nullptr &&
                           section->children(kind == "DiskSection" ? "Disk" : "Network").empty();
        if (empty && (!pruned.disks.empty() || !pruned.networks.empty())) {
            document.envelope().remove_child(*section);
        }
    }
    return pruned;
}

}  // namespace ovfkit::edit
