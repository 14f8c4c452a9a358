// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/set/machine_set.h"

#include <fmt/format.h>

#include "assembler/introspect/facts_json.h"
#include "assembler/introspect/generate/wiring.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "imagebuilder/filetree/directory_tree.h"
#include "imagebuilder/filetree/disk_tree.h"

namespace assembler {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostSavedBytes = std::uint64_t{256} << 20U;

// How what is needed besides the facts crosses from the child: a line with the mounts, the files.
std::string set_notes(const imagebuilder::FileTree& tree, const MachineFacts& facts) {
    base::Json mounted = base::Json::array();
    if (const auto* disk = dynamic_cast<const imagebuilder::DiskTree*>(&tree)) {
        for (const imagebuilder::DiskPart& part : disk->contents().parts) {
            if (!part.mounted.empty() && part.mounted != "/") {
                mounted.push_back(part.mounted);
            }
        }
    }
    return base::to_json_text(mounted) + "\n" + snapshot_text(take_snapshot(tree, facts));
}

void take_notes(std::string_view notes, SetMember& member, FileSnapshot& snapshot) {
    const std::size_t end = notes.find('\n');
    const base::Json mounted = base::parse_json(notes.substr(0, end), "mounts of a machine");
    if (end == std::string_view::npos || !mounted.is_array()) {
        throw base::Error(base::ErrorKind::invalid_input, "the notes on a machine are cut off");
    }
    for (const base::Json& place : mounted) {
        if (!place.is_string()) {
            throw base::Error(base::ErrorKind::invalid_input,
                              "mounts of a machine: a place is no text");
        }
        member.mounted.push_back(place.get<std::string>());
    }
    snapshot = parse_snapshot(notes.substr(end + 1));
}

}  // namespace

MachineSet read_machine_set(const std::vector<MachineSource>& sources, SourceOptions options) {
    options.also = set_notes;
    std::vector<SetMember> members;
    std::vector<FileSnapshot> snapshots;
    std::vector<MachineFacts> machines;
    for (const MachineSource& source : sources) {
        base::in_context("introspecting " + source.location, [&] {
            for (IntrospectedMachine& machine : introspect_source(source, options)) {
                SetMember member{.source = source, .from = machine.from};
                take_notes(machine.also, member, snapshots.emplace_back());
                members.push_back(std::move(member));
                machines.push_back(std::move(machine.facts));
            }
        });
    }
    MachineSet set;
    set.machines = name_machines(std::move(machines));
    for (std::size_t i = 0; i < set.machines.size(); ++i) {
        set.members[set.machines[i].name] = std::move(members[i]);
        set.snapshots[set.machines[i].name] = std::move(snapshots[i]);
    }
    return set;
}

void check_unchanged(const SetMember& member) {
    if (member.source.check) {
        member.source.check();
    }
}

std::string read_again(const SetMember& member, const SourceOptions& options,
                       const std::function<std::string(const imagebuilder::FileTree&)>& work) {
    if (!member.from.folder.empty()) {
        return work(*imagebuilder::open_directory_tree(member.from.folder));
    }
    if (!member.from.disks.empty()) {
        std::string result = imagebuilder::with_disk_tree(
            member.from.disks, {}, [&](const imagebuilder::DiskTree& disk) { return work(disk); });
        check_unchanged(member);
        return result;
    }
    SourceOptions again = options;
    again.also = [&](const imagebuilder::FileTree& tree, const MachineFacts&) {
        return work(tree);
    };
    std::vector<IntrospectedMachine> machines = introspect_source(member.source, again);
    if (machines.size() != 1) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is not what it was", member.source.location));
    }
    return std::move(machines.front().also);
}

bool is_saved_facts(const fs::path& path) {
    return path.extension() == ".json" && fs::is_regular_file(path);
}

std::vector<MachineFacts> read_saved_facts(const fs::path& path) {
    const base::Json json = base::parse_json(base::read_file(path, kMostSavedBytes), path.string());
    const auto list = json.is_object() ? json.find("machines") : json.end();
    if (!json.is_object() || (list != json.end() && !list->is_array())) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' holds no facts of machines", path.string()),
                          "it should be what 'muster introspect --json' printed");
    }
    return base::in_context(fmt::format("facts in '{}'", path.string()), [&] {
        std::vector<MachineFacts> machines;
        if (list == json.end()) {
            machines.push_back(machine_facts_from_json(json));
            return machines;
        }
        for (const base::Json& one : *list) {
            machines.push_back(machine_facts_from_json(one));
        }
        return machines;
    });
}

}  // namespace assembler
