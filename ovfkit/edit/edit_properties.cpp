// SPDX-License-Identifier: Apache-2.0
// Properties and their default values. DSP0243 9.5.1.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "ovfkit/descriptor/product.h"
#include "ovfkit/edit/edit_steps.h"
#include "ovfkit/edit/hardware_items.h"
#include "ovfkit/edit/references.h"

namespace ovfkit::edit {

using base::Error;
using base::ErrorKind;

namespace {

constexpr std::array<std::string_view, 14> kTypes{"uint8",  "sint8",  "uint16", "sint16", "uint32",
                                                  "sint32", "uint64", "sint64", "string", "boolean",
                                                  "real32", "real64", "int",    "real"};

struct FoundProperty {
    EditableElement* element;
    std::string key;  // as the environment has it
};

std::string full_key(const EditableElement& section, const EditableElement& property) {
    ProductSection owner;
    owner.class_name = attribute_of(section, "class");
    owner.instance = attribute_of(section, "instance");
    Property own;
    own.key = attribute_of(property, "key");
    return environment_key(owner, own);
}

void collect(EditSession& session, const EditableElement& owner,
             std::vector<FoundProperty>& found) {
    for (EditableElement* section : session.document().sections(owner, "ProductSection")) {
        for (EditableElement* property : section->children("Property")) {
            found.push_back({property, full_key(*section, *property)});
        }
    }
}

// Those of the selected machine; without a selection all that the descriptor has.
std::vector<FoundProperty> properties_in_reach(EditSession& session) {
    std::vector<FoundProperty> found;
    if (session.has_selection()) {
        collect(session, session.machine(), found);
        return found;
    }
    for (const EditableElement* collection : session.document().collections()) {
        collect(session, *collection, found);
    }
    for (const EditableElement* system : session.document().systems()) {
        collect(session, *system, found);
    }
    return found;
}

EditableElement& require_property(EditSession& session, const std::string& key) {
    std::vector<FoundProperty> all = properties_in_reach(session);
    std::vector<FoundProperty> matches = all;
    std::erase_if(matches, [&](const FoundProperty& one) { return one.key != key; });
    if (matches.empty()) {
        matches = all;
        std::erase_if(matches, [&](const FoundProperty& one) {
            return attribute_of(*one.element, "key") != key;
        });
    }
    if (matches.size() == 1) {
        return *matches.front().element;
    }
    std::vector<std::string> known;
    for (const FoundProperty& one : matches.empty() ? all : matches) {
        const std::string system = system_around(*one.element);
        known.push_back(system.empty() ? one.key : fmt::format("{} of '{}'", one.key, system));
    }
    if (matches.empty()) {
        throw Error(ErrorKind::not_found, fmt::format("there is no property '{}'", key),
                    known.empty() ? "there are no properties; --add-property makes one"
                                  : fmt::format("there are: {}", fmt::join(known, ", ")));
    }
    throw Error(ErrorKind::usage, fmt::format("there are several properties '{}'", key),
                fmt::format("choose the machine with --system, or write the key in full: {}",
                            fmt::join(known, ", ")));
}

void set_configured_value(EditSession& session, EditableElement& property,
                          const std::string& configuration, const std::string& value) {
    for (EditableElement* child : property.children("Value")) {
        const auto names = HardwareItems::configurations_of(*child);
        if (names == std::vector<std::string>{configuration}) {
            child->set_attribute("value", value);
            return;
        }
    }
    EditableElement& child = property.add_last_child(session.document().ovf_namespace(), "Value");
    child.set_attribute("value", value);
    child.set_attribute("configuration", configuration);
}

// The types of DSP0243 9.5.1, and what the field writes besides: "string(..30)", "password", "ip".
void require_known_type(const std::string& type) {
    const std::string base_type = type.substr(0, type.find('('));
    if (std::find(kTypes.begin(), kTypes.end(), base_type) == kTypes.end()) {
        throw Error(ErrorKind::usage, fmt::format("there is no property type '{}'", type),
                    fmt::format("there are: {}", fmt::join(kTypes, ", ")));
    }
}

}  // namespace

void set_property(EditSession& session, const EditStep& step) {
    const std::size_t equals = step.value.find('=');
    const std::string value = step.value.substr(equals + 1);
    EditableElement& property = require_property(session, step.value.substr(0, equals));
    if (!session.configuration().empty()) {
        set_configured_value(session, property, session.configuration(), value);
        return;
    }
    property.set_attribute("value", value);
    if (!property.children("Value").empty()) {
        session.note(fmt::format("property '{}' keeps other values for some configurations",
                                 attribute_of(property, "key")));
    }
}

void add_property(EditSession& session, const EditStep& step) {
    if (step.value.empty()) {
        throw Error(ErrorKind::usage, "the new property has no key",
                    "write --add-property KEY,type=string,value=…");
    }
    DescriptorDocument& document = session.document();
    EditableElement& owner = session.machine_or_top();
    std::vector<FoundProperty> existing;
    collect(session, owner, existing);
    for (const FoundProperty& one : existing) {
        if (one.key == step.value) {
            throw Error(ErrorKind::conflict,
                        fmt::format("there is a property '{}' already", step.value),
                        fmt::format("--property {}=VALUE changes its default", step.value));
        }
    }
    const std::string type = argument(step, "type", "string");
    require_known_type(type);
    EditableElement* section = nullptr;
    for (EditableElement* candidate : document.sections(owner, "ProductSection")) {
        if (attribute_of(*candidate, "class").empty() &&
            attribute_of(*candidate, "instance").empty()) {
            section = candidate;
        }
    }
    if (section == nullptr) {
        section = &document.add_section(owner, "ProductSection", "Settings of the machine");
    }
    EditableElement& property = section->add_last_child(document.ovf_namespace(), "Property");
    property.set_attribute("key", step.value);
    property.set_attribute("type", type);
    for (const char* name : {"qualifiers", "value"}) {
        if (step.arguments.contains(name)) {
            property.set_attribute(name, argument(step, name));
        }
    }
    if (flag_argument(step, "user")) {
        property.set_attribute("userConfigurable", "true");
    }
    if (flag_argument(step, "password")) {
        property.set_attribute("password", "true");
    }
    if (step.arguments.contains("label")) {
        document.set_child_text(property, "Label", argument(step, "label"), {});
    }
    if (step.arguments.contains("description")) {
        document.set_child_text(property, "Description", argument(step, "description"), {"Label"});
    }
}

void remove_property(EditSession& session, const EditStep& step) {
    EditableElement& property = require_property(session, step.value);
    property.parent()->remove_child(property);
}

}  // namespace ovfkit::edit
