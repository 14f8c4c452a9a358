// SPDX-License-Identifier: Apache-2.0
// Networks of the envelope and the network adapters on them. DSP0243 8.3, 9.2.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "ovfkit/descriptor/extensions.h"
#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/edit/edit_steps.h"
#include "ovfkit/edit/hardware_items.h"
#include "ovfkit/edit/references.h"

namespace ovfkit::edit {

using base::Error;
using base::ErrorKind;

namespace {

void require_network(EditSession& session, const std::string& name) {
    if (session.document().find_network(name) != nullptr) {
        return;
    }
    const auto names = ids_of(session.document().networks(), "name");
    throw Error(ErrorKind::not_found, fmt::format("there is no network '{}'", name),
                names.empty() ? fmt::format("add it before: --add-network {}", name)
                              : fmt::format("there are: {}; --add-network makes another",
                                            fmt::join(names, ", ")));
}

void require_new_network(EditSession& session, const std::string& name) {
    if (name.empty()) {
        throw Error(ErrorKind::usage, "a network needs a name");
    }
    if (session.document().find_network(name) != nullptr) {
        throw Error(ErrorKind::conflict, fmt::format("there is a network '{}' already", name));
    }
}

// "00:16:3e:01:02:03", as it stands in the item; anything else is a usage error.
std::string require_mac(const std::string& text) {
    bool good = text.size() == 17;
    for (std::size_t i = 0; good && i < text.size(); ++i) {
        good = i % 3 == 2 ? text[i] == ':' || text[i] == '-'
                          : std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
    }
    if (!good) {
        throw Error(ErrorKind::usage, fmt::format("'{}' is no MAC address", text),
                    "write it as 00:16:3e:01:02:03, or auto for one chosen at deployment");
    }
    std::string mac = text;
    std::replace(mac.begin(), mac.end(), '-', ':');
    return mac;
}

EditableElement& require_nic(const HardwareItems& items, const std::string& which) {
    const auto nics = items.of_type(resource::kEthernet);
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(which.data(), which.data() + which.size(), number);
    if (error == std::errc{} && end == which.data() + which.size()) {
        if (number >= 1 && number <= nics.size()) {
            return *nics[number - 1];
        }
    }
    for (EditableElement* nic : nics) {
        if (!which.empty() && HardwareItems::text_of(*nic, "ElementName") == which) {
            return *nic;
        }
    }
    std::vector<std::string> names;
    for (const EditableElement* nic : nics) {
        names.push_back(HardwareItems::text_of(*nic, "ElementName"));
    }
    throw Error(ErrorKind::not_found, fmt::format("there is no network adapter '{}'", which),
                names.empty()
                    ? "the machine has none; --add-nic makes one"
                    : fmt::format("1 to {}, or by name: {}", nics.size(), fmt::join(names, ", ")));
}

void apply_nic_arguments(HardwareItems& items, EditableElement& nic, const EditStep& step) {
    if (step.arguments.contains("network")) {
        items.set_text(nic, "Connection", argument(step, "network"));
    }
    if (step.arguments.contains("type")) {
        items.set_text(nic, "ResourceSubType", argument(step, "type"));
    }
    if (const std::string mac = argument(step, "mac"); !mac.empty()) {
        items.set_text(nic, "Address", mac == "auto" ? "" : require_mac(mac));
    }
    if (step.arguments.contains("name")) {
        items.set_text(nic, "ElementName", argument(step, "name"));
    }
}

}  // namespace

void add_network(EditSession& session, const EditStep& step) {
    require_new_network(session, step.value);
    DescriptorDocument& document = session.document();
    EditableElement& section = document.obtain_section(document.envelope(), "NetworkSection",
                                                       "The list of logical networks");
    EditableElement& network = section.add_last_child(document.ovf_namespace(), "Network");
    network.set_attribute("name", step.value);
    document.set_child_text(network, "Description",
                            argument(step, "description", fmt::format("Network {}", step.value)),
                            {});
}

void change_network_name(EditSession& session, const EditStep& step) {
    const std::size_t equals = step.value.find('=');
    const std::string from = step.value.substr(0, equals);
    const std::string to = step.value.substr(equals + 1);
    require_network(session, from);
    if (from != to) {
        require_new_network(session, to);
        rename_network(session.document(), from, to);
    }
}

void remove_network(EditSession& session, const EditStep& step) {
    require_network(session, step.value);
    DescriptorDocument& document = session.document();
    std::vector<std::string> users;
    for (const EditableElement* item : items_on_network(document, step.value)) {
        users.push_back(system_around(*item));
    }
    if (!users.empty()) {
        throw Error(ErrorKind::conflict,
                    fmt::format("network '{}' is used by {}", step.value, fmt::join(users, ", ")),
                    "connect the adapters elsewhere before: --nic N,network=OTHER, or remove them: "
                    "--remove-nic N");
    }
    for (EditableElement* element : document.all_elements()) {
        if (element->local_name() == "Network" && element->namespace_uri() == kMusterNamespace &&
            attribute_of(*element, "name") == step.value) {
            element->parent()->remove_child(*element);
        }
    }
    EditableElement* network = document.find_network(step.value);
    EditableElement* section = network->parent();
    section->remove_child(*network);
    if (section->children("Network").empty()) {
        section->parent()->remove_child(*section);
    }
}

void set_nic(EditSession& session, const EditStep& step) {
    if (step.arguments.empty()) {
        throw Error(ErrorKind::usage, "nothing is said about the network adapter",
                    "write --nic 1,network=NAME, type=… or mac=…");
    }
    if (step.arguments.contains("network")) {
        require_network(session, argument(step, "network"));
    }
    for (HardwareItems& items : hardware_of(session.document(), session.machine())) {
        apply_nic_arguments(items, require_nic(items, step.value), step);
    }
}

void add_nic(EditSession& session, const EditStep& step) {
    EditStep full = step;
    if (!step.value.empty()) {
        full.arguments.emplace("network", step.value);
    }
    if (argument(full, "network").empty()) {
        throw Error(ErrorKind::usage, "a new network adapter needs a network",
                    "write --add-nic NETWORK");
    }
    require_network(session, argument(full, "network"));
    for (HardwareItems& items : hardware_of(session.document(), session.machine())) {
        const auto nics = items.of_type(resource::kEthernet);
        EditableElement& nic =
            items.add(resource::kEthernet, fmt::format("Ethernet adapter {}", nics.size() + 1));
        items.set_text(nic, "AutomaticAllocation", "true");
        if (!nics.empty()) {
            // Like its neighbour, and where VMware counts adapters, the next place.
            const EditableElement& last = *nics.back();
            items.set_text(nic, "ResourceSubType", HardwareItems::text_of(last, "ResourceSubType"));
            const std::string place = HardwareItems::text_of(last, "AddressOnParent");
            int number = 0;
            const auto [end, error] =
                std::from_chars(place.data(), place.data() + place.size(), number);
            if (!place.empty() && error == std::errc{} && end == place.data() + place.size()) {
                items.set_text(nic, "AddressOnParent", std::to_string(number + 1));
            }
        }
        apply_nic_arguments(items, nic, full);
    }
}

void remove_nic(EditSession& session, const EditStep& step) {
    for (HardwareItems& items : hardware_of(session.document(), session.machine())) {
        items.remove(require_nic(items, step.value));
    }
}

}  // namespace ovfkit::edit
