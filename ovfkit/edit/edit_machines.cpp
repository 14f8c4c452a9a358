// SPDX-License-Identifier: Apache-2.0
// Machines that come and go. DSP0243 7.2, 9.7.
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "ovfkit/descriptor/extensions.h"
#include "ovfkit/edit/edit_steps.h"
#include "ovfkit/edit/graft.h"
#include "ovfkit/edit/references.h"

namespace ovfkit::edit {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::string_view kVssd =
    "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData";

std::string assembly_id(EditSession& session) {
    return attribute_of(session.document().content(), "id") + "-assembly";
}

// "shop-1.0.ova" is "shop-1.0".
std::string label_of(const std::string& location) {
    const std::filesystem::path path(location);
    return (path.has_filename() ? path : path.parent_path()).stem().string();
}

void add_machines_of_package(EditSession& session, const EditStep& step) {
    if (!session.surroundings().read_descriptor) {
        base::unreachable("adding a package where none can be read");
    }
    const auto [name, text] = session.surroundings().read_descriptor(step.value);
    DescriptorDocument from(text, name);
    if (from.systems().size() == 1 && step.arguments.contains("id")) {
        rename_system_id(from, attribute_of(*from.systems().front(), "id"), argument(step, "id"));
    }
    if (from.systems().size() == 1 && step.arguments.contains("name")) {
        from.set_child_text(*from.systems().front(), "Name", argument(step, "name"), {"Info"});
    }
    session.forget_selection();
    EditableElement& collection = obtain_collection(session.document(), assembly_id(session));
    Grafted grafted = graft(session.document(), collection, from, label_of(step.value),
                            session.find_same_members(step.value));
    for (std::string& note : grafted.notes) {
        session.note(std::move(note));
    }
    session.add_grafted({step.value, std::move(grafted.members), text});
}

void add_blank_machine(EditSession& session, const EditStep& step) {
    DescriptorDocument& document = session.document();
    const std::string id = argument(step, "id");
    if (document.find_system(id) != nullptr) {
        throw Error(ErrorKind::conflict, fmt::format("there is a machine '{}' already", id));
    }
    session.forget_selection();
    EditableElement& collection = obtain_collection(document, assembly_id(session));
    EditableElement& system =
        document.add_content(collection, "VirtualSystem", id, "A virtual machine");
    if (document.dialect() != Dialect::ovf09) {
        document.set_child_text(system, "Name", argument(step, "name", id), {"Info"});
    }
    EditableElement& hardware = document.add_section(system, "VirtualHardwareSection",
                                                     "The virtual hardware of the machine");
    if (const EditableElement* other =
            document.find_section(*document.systems().front(), "VirtualHardwareSection");
        other != nullptr && other != &hardware && other->find_child("System") != nullptr) {
        EditableElement& copy = hardware.add_last_copy(*other->find_child("System"));
        if (EditableElement* identifier = copy.find_child("VirtualSystemIdentifier")) {
            identifier->set_text(id);
        }
    } else {
        EditableElement& own = hardware.add_last_child(document.ovf_namespace(), "System");
        const bool old = document.dialect() == Dialect::ovf09;
        if (!old) {
            own.add_last_child(kVssd, "ElementName").set_text("Virtual Hardware Family");
        }
        own.add_last_child(kVssd, old ? "InstanceId" : "InstanceID").set_text("0");
        own.add_last_child(kVssd, "VirtualSystemIdentifier").set_text(id);
    }
    append_startup(document, collection, id);
    session.select_system(id);
    set_cpus(session, {"cpus", argument(step, "cpus", "1"), {}, step.origin});
    set_memory(session, {"memory", argument(step, "memory", "512MiB"), {}, step.origin});
    if (step.arguments.contains("network")) {
        add_nic(session, {"add-nic", argument(step, "network"), {}, step.origin});
    }
}

void forget_machine(DescriptorDocument& document, const std::string& id) {
    for (EditableElement* collection : document.collections()) {
        for (EditableElement* section : document.sections(*collection, "StartupSection")) {
            for (EditableElement* item : section->children("Item")) {
                if (attribute_of(*item, "id") == id) {
                    section->remove_child(*item);
                }
            }
        }
    }
    for (EditableElement* element : document.all_elements()) {
        if (element->namespace_uri() != kMusterNamespace ||
            attribute_of(*element, "machine") != id) {
            continue;
        }
        if (element->local_name() == "Publish") {
            element->parent()->remove_child(*element);
        } else if (element->local_name() == "Endpoint") {  // connected to nothing any more
            for (const char* end : {"machine", "input", "network"}) {
                element->remove_attribute(end);
            }
        }
    }
}

}  // namespace

void add_machine(EditSession& session, const EditStep& step) {
    if (!step.value.empty()) {
        add_machines_of_package(session, step);
        return;
    }
    if (argument(step, "id").empty()) {
        throw Error(ErrorKind::usage, "a new machine comes from a package, or needs an id",
                    "write --add-machine other.ova or --add-machine id=web,cpus=1,memory=512MiB");
    }
    add_blank_machine(session, step);
}

void remove_machine(EditSession& session, const EditStep& step) {
    DescriptorDocument& document = session.document();
    EditableElement& system = document.require_system(step.value);
    if (document.systems().size() == 1) {
        throw Error(ErrorKind::conflict,
                    fmt::format("'{}' is the only machine of the package", step.value));
    }
    const auto dependants = systems_filled_in_from(document, step.value);
    if (!dependants.empty()) {
        throw Error(ErrorKind::conflict,
                    fmt::format("properties of {} are filled in from machine '{}'",
                                fmt::join(dependants, ", "), step.value),
                    "remove those properties first: --remove-property KEY");
    }
    const Uses before = uses_of(document);
    session.forget_selection();
    forget_machine(document, step.value);
    system.parent()->remove_child(system);
    const Pruned pruned = prune(document, before, true);
    for (const std::string& member : pruned.members) {
        session.remove_member(member);
        session.note(fmt::format("file '{}' goes with machine '{}'", member, step.value));
    }
    for (const std::string& network : pruned.networks) {
        session.note(fmt::format("network '{}' goes with machine '{}'", network, step.value));
    }
}

}  // namespace ovfkit::edit
