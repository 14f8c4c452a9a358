// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/file_snapshot.h"

#include <set>

#include "base/error.h"
#include "base/json.h"

namespace assembler {

namespace {

constexpr std::size_t kMostSnapshotBytes = std::size_t{64} << 20U;

std::set<std::string> files_of_interest(const MachineFacts& machine) {
    std::set<std::string> files;
    const auto add_places = [&](const std::vector<ValuePlace>& places) {
        for (const ValuePlace& place : places) {
            files.insert(place.file);
        }
    };
    for (const Component& component : machine.components) {
        files.insert(component.files.begin(), component.files.end());
        for (const Input& input : component.inputs) {
            add_places(input.port_places);
        }
        for (const Output& output : component.outputs) {
            add_places(output.host_places);
            add_places(output.port_places);
        }
        for (const PropertyFact& property : component.properties) {
            add_places(property.places);
        }
    }
    for (const SecretFact& secret : machine.secrets) {
        files.insert(secret.place.file);
    }
    for (const HostName& line : machine.hosts) {
        files.insert(line.evidence.file);
    }
    for (const ChangedFile& changed : machine.changed_files) {
        files.insert(changed.path);
    }
    files.erase("");
    return files;
}

std::string text_at(const base::Json& object, const char* key) {
    return base::require_string(object, key);
}

}  // namespace

FileSnapshot take_snapshot(const imagebuilder::FileTree& tree, const MachineFacts& machine) {
    FileSnapshot snapshot;
    std::size_t bytes = 0;
    // Borrowed: the reader does not outlive this call.
    const FileReader read =
        reader_of(MachineTrees{{machine.name, {std::shared_ptr<void>(), &tree}}});
    for (const std::string& path : files_of_interest(machine)) {
        auto file = read(machine.name, path);
        if (file && is_plain_text(file->text) && bytes + file->text.size() <= kMostSnapshotBytes) {
            bytes += file->text.size();
            snapshot.emplace(path, std::move(*file));
        }
    }
    return snapshot;
}

FileReader reader_of(std::map<std::string, FileSnapshot> machines) {
    return [machines = std::move(machines)](const std::string& machine,
                                            const std::string& path) -> std::optional<SourceFile> {
        const auto snapshot = machines.find(machine);
        if (snapshot == machines.end()) {
            return std::nullopt;
        }
        const auto file = snapshot->second.find(path);
        return file == snapshot->second.end() ? std::nullopt : std::optional(file->second);
    };
}

std::string snapshot_text(const FileSnapshot& snapshot) {
    base::Json json = base::Json::object();
    for (const auto& [path, file] : snapshot) {
        json[path] = {{"path", file.path},
                      {"text", file.text},
                      {"owner", file.owner},
                      {"permissions", file.permissions}};
    }
    return base::to_json_text(json);
}

FileSnapshot parse_snapshot(std::string_view text) {
    const base::Json json = base::parse_json(text, "files of a machine");
    FileSnapshot snapshot;
    for (const auto& [path, file] : json.items()) {
        const auto permissions = file.find("permissions");
        if (permissions == file.end() || !permissions->is_number_unsigned()) {
            throw base::Error(base::ErrorKind::invalid_input,
                              "files of a machine: 'permissions' is no number");
        }
        snapshot.emplace(
            path, SourceFile{text_at(file, "path"), text_at(file, "text"), text_at(file, "owner"),
                             permissions->get<unsigned>() & 07777U});
    }
    return snapshot;
}

}  // namespace assembler
