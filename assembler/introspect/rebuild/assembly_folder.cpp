// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/rebuild/assembly_folder.h"

#include <algorithm>

#include <fmt/format.h>

#include "assembler/introspect/connect/match_connections.h"
#include "assembler/introspect/generate/guest_config_of_facts.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace assembler {

namespace {

namespace fs = std::filesystem;

std::string edits_json(const std::vector<TreeEdit>& edits) {
    base::Json list = base::Json::array();
    for (const TreeEdit& edit : edits) {
        base::Json one{{"kind", to_string(edit.kind)}, {"path", edit.path}, {"why", edit.why}};
        if (edit.path == kIntrospectedConfig) {
            one["file"] = "introspected.json";  // beside
        } else if (edit.kind != TreeEdit::Kind::remove) {
            one["content"] = edit.content;
        }
        if (edit.kind == TreeEdit::Kind::write) {
            one["owner"] = edit.owner;
            one["permissions"] = fmt::format("{:04o}", edit.permissions);
        }
        list.push_back(std::move(one));
    }
    return base::to_json_text(list, 2) + "\n";
}

void add_machine(const MachineFacts& machine, const MachineOutput& output,
                 std::vector<RecipeFile>& files) {
    const std::string folder = "machines/" + machine.name + "/";
    if (!output.guest_config.empty()) {
        files.push_back(
            {folder + "introspected.json", output.guest_config, output.secret ? 0600U : 0644U});
    }
    files.push_back({folder + "edits.json", edits_json(output.edits), 0644});
}

void add_recipe(const MachineFacts& machine, GeneratedRecipe recipe, bool secret,
                std::vector<RecipeFile>& files) {
    const std::string folder = "recipes/" + machine.name + "/";
    files.push_back({folder + "recipe.yaml", std::move(recipe.text), secret ? 0600U : 0644U});
    for (RecipeFile& file : recipe.files) {
        file.path = folder + file.path;
        file.permissions |= 0600U;  // who builds has to read it
        files.push_back(std::move(file));
    }
}

// Names come from strangers' disks.
void require_inside(const std::string& path) {
    const fs::path parts(path);
    const bool climbs = std::any_of(parts.begin(), parts.end(), [](const fs::path& part) {
        return part.empty() || part == "." || part == "..";
    });
    if (path.empty() || parts.is_absolute() || climbs || path.find('\0') != std::string::npos) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the file '{}' is not inside its folder", path));
    }
}

fs::path plain_folder(const fs::path& folder) {
    const fs::path target = fs::absolute(folder).lexically_normal();
    return target.has_filename() ? target : target.parent_path();
}

[[noreturn]] void refuse_folder(const fs::path& place) {
    throw base::Error(base::ErrorKind::conflict,
                      fmt::format("'{}' is there and not an empty folder", place.string()),
                      "name another folder, or replace the files in it by --force");
}

void write_files(const fs::path& folder, const std::vector<RecipeFile>& files) {
    for (const RecipeFile& file : files) {
        const fs::path path = folder / file.path;
        base::make_dirs(path.parent_path());
        base::write_file(path, file.content, file.permissions);
    }
}

bool is_free(const fs::path& folder) {
    return !fs::exists(fs::symlink_status(folder)) ||
           (fs::is_directory(folder) && fs::is_empty(folder));
}

}  // namespace

AssemblyFolder make_assembly_folder(const std::vector<MachineFacts>& machines,
                                    const FileReader& read, const FolderOptions& options) {
    AssemblyFolder out;
    out.connections = match_connections(machines);
    out.networks = find_networks(machines, out.connections);
    out.order = start_order(machines, out.connections);
    const auto wirings = plan_wiring(machines, out.connections, out.networks, read,
                                     {.keep_secrets = options.keep_secrets});
    const auto configs = guest_config_of_facts(machines, wirings);
    AssemblyOptions assembly = options.assembly;
    out.files.emplace_back();
    for (const MachineFacts& machine : machines) {
        MachineOutput& output = out.machines[machine.name];
        const auto config = configs.find(machine.name);
        output.guest_config = config == configs.end() ? "" : config->second;
        output.secret = holds_secrets(wirings.at(machine.name));
        output.remarks = wirings.at(machine.name).remarks;
        output.edits = generalise(machine, output.guest_config, output.secret);
        if (options.make_recipe) {
            assembly.machines[machine.name].image = "recipes/" + machine.name;
            add_recipe(machine, options.make_recipe(machine, output.guest_config),
                       options.keep_secrets, out.files);
        } else {
            add_machine(machine, output, out.files);
        }
    }
    out.files.front() = {
        "assembly.yaml",
        assembly_of_facts(machines, out.connections, out.networks, wirings, assembly), 0644};
    return out;
}

void require_free_folder(const fs::path& folder) {
    const fs::path place = plain_folder(folder);
    if (!is_free(place)) {
        refuse_folder(place);
    }
}

void write_assembly_folder(const fs::path& folder, const std::vector<RecipeFile>& files,
                           bool into) {
    const fs::path place = plain_folder(folder);
    for (const RecipeFile& file : files) {
        require_inside(file.path);
    }
    if (into && fs::is_directory(place)) {
        write_files(place, files);
        return;
    }
    require_free_folder(folder);
    base::make_dirs(place.parent_path());
    base::TempDir work(place.parent_path(), ".introspect");
    write_files(work.path(), files);
    fs::permissions(work.path(), fs::perms(0755));
    std::error_code failure;
    fs::rename(work.path(), place, failure);  // takes the place of an empty folder
    if (failure == std::errc::directory_not_empty || failure == std::errc::file_exists) {
        refuse_folder(place);
    }
    if (failure) {
        throw base::SystemError(failure.value(), fmt::format("naming '{}'", place.string()));
    }
    work.release();
}

}  // namespace assembler
