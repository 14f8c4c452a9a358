// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/edit_steps.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/yaml.h"

namespace ovfkit::edit {

using base::Error;
using base::ErrorKind;

namespace {

using Form = Operation::Form;

void select_system(EditSession& session, const EditStep& step) {
    session.select_system(step.value);
}

void select_configuration(EditSession& session, const EditStep& step) {
    session.select_configuration(step.value);
}

std::vector<std::string> names_of(const std::vector<std::string_view>& views) {
    return {views.begin(), views.end()};
}

[[noreturn]] void refuse_key(const Operation& operation, const std::string& key,
                             const std::string& origin) {
    const auto similar = base::find_similar(key, names_of(operation.keys));
    throw Error(ErrorKind::usage,
                fmt::format("{}: {} has no '{}'{}", origin, operation.name, key,
                            similar ? fmt::format(", did you mean '{}'?", *similar) : ""),
                fmt::format("it has: {}", fmt::join(operation.keys, ", ")));
}

void take_argument(EditStep& step, const Operation& operation, const std::string& key,
                   std::string value) {
    if (std::find(operation.keys.begin(), operation.keys.end(), key) == operation.keys.end()) {
        refuse_key(operation, key, step.origin);
    }
    if (!step.arguments.emplace(key, std::move(value)).second) {
        throw Error(ErrorKind::usage, fmt::format("{}: '{}' is given twice", step.origin, key));
    }
}

void require_assignment(const EditStep& step) {
    if (step.value.find('=') == std::string::npos) {
        throw Error(ErrorKind::usage,
                    fmt::format("{}: '{}' is not of the form KEY=VALUE", step.origin, step.value));
    }
}

EditStep step_of_yaml(const std::string& key, const base::YamlNode& node) {
    EditStep step{key, "", {}, fmt::format("{}: {}", node.where(), key)};
    const Operation& operation = require_operation(step);
    if (node.type() == base::YamlNode::Type::scalar) {
        return operation.form == Form::arguments
                   ? parse_step(operation, node.as_string(), step.origin)
                   : EditStep{key, node.as_string(), {}, step.origin};
    }
    const auto entries = node.as_map();
    if (operation.form == Form::text) {
        node.fail(fmt::format("{} takes one value", key));
    }
    for (const auto& [name, value] : entries) {
        if (operation.form == Form::assignment) {
            if (entries.size() != 1) {
                node.fail(fmt::format("{} takes one key and its value", key));
            }
            step.value = fmt::format("{}={}", name, value.as_string());
        } else if (name == "which") {
            step.value = value.as_string();
        } else {
            take_argument(step, operation, name, value.as_string());
        }
    }
    return step;
}

}  // namespace

const std::vector<Operation>& operations() {
    static const std::vector<Operation> kOperations{
        {"system", Form::text, "ID", "the machine that what follows is about", {}, select_system},
        {"configuration",
         Form::text,
         "ID",
         "the deployment configuration that cpus, memory and properties that follow are for",
         {},
         select_configuration},
        {"name", Form::text, "NAME", "name of the machine, or of the whole assembly", {}, set_name},
        {"profile",
         Form::text,
         "NAME",
         "devices for the machines of generic, vmware or virtualbox",
         {},
         set_profile},
        {"cpus", Form::text, "N", "number of virtual CPUs", {}, set_cpus},
        {"memory", Form::text, "SIZE", "memory, such as 2GiB", {}, set_memory},
        {"annotation", Form::text, "TEXT", "annotation; empty removes it", {}, set_annotation},
        {"eula",
         Form::text,
         "FILE",
         "licence text from a file; empty removes all licences",
         {},
         set_eula},
        {"product",
         Form::assignment,
         "FIELD=TEXT",
         "product, vendor, version, full-version, product-url, vendor-url or app-url",
         {},
         set_product},
        {"property",
         Form::assignment,
         "KEY=VALUE",
         "default value of a property",
         {},
         set_property},
        {"add-property",
         Form::arguments,
         "KEY,type=T,…",
         "a new property",
         {"type", "value", "label", "description", "qualifiers", "user", "password"},
         add_property},
        {"remove-property", Form::text, "KEY", "removes a property", {}, remove_property},
        {"add-network",
         Form::arguments,
         "NAME[,description=TEXT]",
         "a new network",
         {"description"},
         add_network},
        {"rename-network",
         Form::assignment,
         "OLD=NEW",
         "renames a network everywhere",
         {},
         change_network_name},
        {"remove-network",
         Form::text,
         "NAME",
         "removes a network that nothing uses",
         {},
         remove_network},
        {"nic",
         Form::arguments,
         "N,network=…,type=…,mac=…",
         "changes network adapter N (the first is 1), or the one of that name",
         {"network", "type", "mac", "name"},
         set_nic},
        {"add-nic",
         Form::arguments,
         "NETWORK[,type=…,mac=…]",
         "a new network adapter",
         {"network", "type", "mac", "name"},
         add_nic},
        {"remove-nic",
         Form::text,
         "N",
         "removes network adapter N, or the one of that name",
         {},
         remove_nic},
        {"disk",
         Form::arguments,
         "ID,size=SIZE",
         "capacity of a disk, whose content grows with it; size=content: what its file "
         "says",
         {"size"},
         set_disk},
        {"add-disk",
         Form::arguments,
         "FILE[,id=…] or size=SIZE",
         "a new disk from an image of any format that convert reads, or a blank one",
         {"size", "id", "member"},
         add_disk},
        {"remove-disk", Form::text, "ID", "removes a disk and its file", {}, remove_disk},
        {"add-file",
         Form::arguments,
         "FILE[,id=…,member=NAME]",
         "a new file of the package",
         {"id", "member"},
         add_file},
        {"remove-file", Form::text, "ID", "removes a file (by id or name)", {}, remove_file},
        {"add-machine",
         Form::arguments,
         "PACKAGE[,id=…,name=…] or id=ID,cpus=N,memory=SIZE",
         "all machines of another package, or a new one without disks",
         {"id", "name", "cpus", "memory", "network"},
         add_machine},
        {"remove-machine",
         Form::text,
         "ID",
         "removes a machine and the files only it used",
         {},
         remove_machine},
    };
    return kOperations;
}

const Operation& require_operation(const EditStep& step) {
    std::vector<std::string> names;
    for (const Operation& operation : operations()) {
        if (operation.name == step.operation) {
            return operation;
        }
        names.emplace_back(operation.name);
    }
    const auto similar = base::find_similar(step.operation, names);
    throw Error(ErrorKind::usage,
                fmt::format("{}: there is no such change as '{}'{}", step.origin, step.operation,
                            similar ? fmt::format(", did you mean '{}'?", *similar) : ""),
                fmt::format("there are: {}", fmt::join(names, ", ")));
}

EditStep parse_step(const Operation& operation, const std::string& text, std::string origin) {
    EditStep step{std::string(operation.name), "", {}, std::move(origin)};
    if (operation.form != Form::arguments) {
        step.value = text;
        if (operation.form == Form::assignment) {
            require_assignment(step);
        }
        return step;
    }
    // A comma that no known key follows belongs to the value before it.
    std::string* last = &step.value;
    std::string_view rest = text;
    for (bool first = true; first || !rest.empty(); first = false) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string part(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        const std::size_t equals = part.find('=');
        const std::string key = part.substr(0, equals);
        const bool known =
            equals != std::string::npos &&
            std::find(operation.keys.begin(), operation.keys.end(), key) != operation.keys.end();
        if (known) {
            take_argument(step, operation, key, part.substr(equals + 1));
            last = &step.arguments.at(key);
        } else if (first) {
            step.value = part;
        } else if (equals != std::string::npos && last == &step.value) {
            refuse_key(operation, key, step.origin);
        } else {
            *last += "," + part;
        }
    }
    return step;
}

std::vector<EditStep> parse_script(std::string_view yaml, const std::string& name) {
    std::vector<EditStep> steps;
    for (const base::YamlNode& node : base::parse_yaml(yaml, name).as_sequence()) {
        for (const auto& [key, value] : node.as_map()) {
            EditStep step = step_of_yaml(key, value);
            if (require_operation(step).form == Form::assignment) {
                require_assignment(step);
            }
            steps.push_back(std::move(step));
        }
    }
    return steps;
}

std::string argument(const EditStep& step, std::string_view key, std::string fallback) {
    const auto found = step.arguments.find(std::string(key));
    return found == step.arguments.end() ? std::move(fallback) : found->second;
}

bool flag_argument(const EditStep& step, std::string_view key) {
    const std::string text = argument(step, key, "no");
    if (text == "yes" || text == "true") {
        return true;
    }
    if (text != "no" && text != "false") {
        throw Error(ErrorKind::usage, fmt::format("'{}' is yes or no, not '{}'", key, text));
    }
    return false;
}

}  // namespace ovfkit::edit
