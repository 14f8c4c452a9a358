// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/set/folder_of_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace assembler {

namespace {

AssemblyImage image_of(const MachineFacts& machine, const SetFolderOptions& options) {
    AssemblyImage image;
    const auto named = options.images.find(machine.name);
    image.image = named == options.images.end() ? machine.name + ".qcow2" : named->second;
    if (machine.hardware.vcpus != 0) {
        image.cpus = machine.hardware.vcpus;
    }
    if (machine.hardware.memory_bytes != 0) {
        image.memory_bytes = machine.hardware.memory_bytes;
    }
    return image;
}

const MachineFacts* find_machine(const MachineSet& set, const std::string& name) {
    const auto found = std::find_if(set.machines.begin(), set.machines.end(),
                                    [&](const MachineFacts& one) { return one.name == name; });
    return found == set.machines.end() ? nullptr : &*found;
}

// Nothing where the files were not read.
ReadFile reader_in(const MachineSet& set, const std::string& name) {
    const auto snapshot = set.snapshots.find(name);
    if (snapshot == set.snapshots.end()) {
        return {};
    }
    return [&files = snapshot->second](const std::string& path) -> std::optional<std::string> {
        const auto file = files.find(path);
        return file == files.end() ? std::nullopt : std::optional(file->second.text);
    };
}

std::vector<Difference> compare_members(const MachineSet& before, const MachineFacts& one,
                                        const MachineSet& after, const MachineFacts& other) {
    ReadFile read_before = reader_in(before, one.name);
    ReadFile read_after = reader_in(after, other.name);
    if (!read_before || !read_after) {
        return compare_facts(one, other);
    }
    return compare_facts(one, other, read_before, read_after);
}

}  // namespace

AssemblyFolder make_set_folder(const MachineSet& set, const SetFolderOptions& options) {
    FolderOptions folder;
    folder.assembly.name = options.name;
    folder.assembly.version = options.version;
    folder.keep_secrets = options.keep_secrets;
    for (const MachineFacts& machine : set.machines) {
        folder.assembly.machines[machine.name] = image_of(machine, options);
    }
    if (options.recipes) {
        folder.make_recipe = [&](const MachineFacts& machine, const std::string& guest_config) {
            const auto make = [&](const imagebuilder::FileTree& tree) {
                return recipe_message(recipe_of_facts(machine, tree, guest_config,
                                                      {.keep_secrets = options.keep_secrets}));
            };
            return base::in_context(fmt::format("recipe of '{}'", machine.name), [&] {
                return parse_recipe_message(
                    read_again(set.members.at(machine.name), options.reading, make));
            });
        };
    }
    return make_assembly_folder(set.machines, set.reader(), folder);
}

std::vector<Difference> compare_sets(const MachineSet& before, const MachineSet& after) {
    if (before.machines.size() == 1 && after.machines.size() == 1) {
        return compare_members(before, before.machines.front(), after, after.machines.front());
    }
    std::vector<Difference> all;
    for (const MachineFacts& machine : before.machines) {
        const std::string subject = fmt::format("machine '{}'", machine.name);
        const MachineFacts* other = find_machine(after, machine.name);
        if (other == nullptr) {
            all.push_back({Difference::Kind::removed, subject, "", "", ""});
            continue;
        }
        for (Difference& one : compare_members(before, machine, after, *other)) {
            one.subject = fmt::format("{}: {}", subject, one.subject);
            all.push_back(std::move(one));
        }
    }
    for (const MachineFacts& machine : after.machines) {
        if (find_machine(before, machine.name) == nullptr) {
            all.push_back(
                {Difference::Kind::added, fmt::format("machine '{}'", machine.name), "", "", ""});
        }
    }
    return all;
}

}  // namespace assembler
