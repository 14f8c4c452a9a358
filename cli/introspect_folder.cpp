// SPDX-License-Identifier: Apache-2.0
#include "cli/introspect_folder.h"

#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "assembler/introspect/connect/connections_text.h"
#include "assembler/introspect/set/folder_of_set.h"
#include "base/file.h"
#include "base/process.h"
#include "cli/machine_sources.h"

namespace cli {

namespace {

namespace fs = std::filesystem;

// Of packages and machines of ours, in the written folder.
constexpr const char* kDisksFolder = "disks";

// As the assembly file in `folder` calls them. Those that were kept will be in it.
std::map<std::string, std::string> images_of(const assembler::MachineSet& set,
                                             const fs::path& kept) {
    std::map<std::string, std::string> images;
    for (const auto& [name, member] : set.members) {
        if (member.from.disks.size() != 1) {
            continue;
        }
        const fs::path disk = member.from.disks.front().path;
        images[name] = disk.parent_path() == kept
                           ? fmt::format("{}/{}", kDisksFolder, disk.filename().string())
                           : fs::absolute(disk).lexically_normal().string();
    }
    return images;
}

void move_disks(const fs::path& kept, const fs::path& folder) {
    for (const auto& disk : fs::directory_iterator(kept)) {
        base::make_dirs(folder / kDisksFolder);
        base::rename_file(disk.path(), folder / kDisksFolder / disk.path().filename());
    }
}

// What is wrong for this machine with packing the folder as it is.
std::string missing_image(const std::string& name, const assembler::SetMember& member) {
    if (member.from.disks.size() == 1) {
        return "";
    }
    if (member.from.disks.size() > 1) {
        return fmt::format(
            "  {}: '{}' has {} disks; muster capture makes one of them, which muster pack wants\n",
            name, member.source.location, member.from.disks.size());
    }
    return fmt::format("  {}: '{}' has no disk image; put one beside the file as {}.qcow2\n", name,
                       member.source.location, name);
}

std::string next_steps(const IntrospectOptions& options, const assembler::MachineSet& set) {
    const std::string folder = base::shell_quote(options.output);
    const std::string ova = base::shell_quote(assembly_name_of(options.output) + ".ova");
    std::string text = fmt::format(
        "next\n  read {0}/assembly.yaml: lines with \"Look at\", required properties, publish\n",
        folder);
    if (options.recipes) {
        return text + fmt::format(
                          "  muster pack {0} -o {1}\n"
                          "      builds the machines anew from {0}/recipes and packs them\n"
                          "  muster introspect --compare SOURCE REBUILT\n"
                          "      shows what a rebuilt machine has lost; data such as databases has "
                          "to be brought there\n",
                          folder, ova);
    }
    std::string sources;
    for (const std::string& source : options.from.sources) {
        sources += base::shell_quote(source) + " ";
    }
    text += fmt::format(
        "  muster capture {0}--assembly {1} -o {2}\n"
        "      makes images that read these properties, on any addresses, and packs them\n"
        "  muster pack {1} -o {2}\n"
        "      packs the disks as they are: with their old addresses, until "
        "{1}/machines/*/edits.json\n"
        "      is done to them\n",
        sources, folder, ova);
    for (const auto& [name, member] : set.members) {
        text += missing_image(name, member);
    }
    return text;
}

std::string secrets_text(const assembler::AssemblyFolder& folder, bool kept) {
    const bool any = folder.files.front().content.find("type: password") != std::string::npos;
    if (kept) {
        return "secrets\n  were copied: files that hold some are for your eyes only (0600)\n";
    }
    return any ? "secrets\n  were not copied: those in files that muster-guest writes are required "
                 "properties of type\n  password, all others stay in the image\n"
               : "secrets\n  were not copied: they stay in the image\n";
}

}  // namespace

void print_assembly(const assembler::AssemblyFolder& folder, base::cli::Io& io) {
    io.out << "connections\n"
           << base::cli::printable(assembler::connections_text(folder.connections, folder.order));
}

int write_introspected(const IntrospectOptions& options, base::cli::Io& io) {
    const fs::path folder = fs::absolute(options.output);
    if (!options.force) {
        assembler::require_free_folder(folder);  // before the work
    }
    // Disks of packages: where they can be moved from.
    fs::path room = folder.lexically_normal();
    room = room.has_filename() ? room.parent_path() : room.parent_path().parent_path();
    base::make_dirs(room);
    const base::TempDir kept(room, ".introspect");
    MachineSourceOptions from = options.from;
    from.keep_disks = kept.path().string();
    const assembler::SourceOptions reading = reading_of(from);
    assembler::MachineSet set = read_set(from.sources, reading, io);
    if (!options.recipes) {
        keep_whole_disks(set, kept.path(), io);
    }

    const assembler::AssemblyFolder made =
        assembler::make_set_folder(set, {.name = assembly_name_of(options.output),
                                         .version = "1.0.0",
                                         .recipes = options.recipes,
                                         .keep_secrets = from.with_secrets,
                                         .images = images_of(set, kept.path()),
                                         .reading = reading});
    assembler::write_assembly_folder(folder, made.files, options.force);
    if (!options.recipes) {
        move_disks(kept.path(), folder);
    }
    if (io.json) {
        base::Json json = assembler::connections_json(made.connections, made.order);
        json["folder"] = options.output;
        json["files"] = base::Json::array();
        for (const assembler::RecipeFile& file : made.files) {
            json["files"].push_back(file.path);
        }
        io.out << base::to_json_text(json, 2) << '\n';
        return 0;
    }
    print_assembly(made, io);
    for (const auto& [name, machine] : made.machines) {
        for (const assembler::Remark& remark : machine.remarks) {
            io.out << base::cli::printable_line(fmt::format("look at: {}: {}", name, remark.text))
                   << "\n";
        }
    }
    io.out << secrets_text(made, from.with_secrets)
           << fmt::format("{}: {} machines, {} files\n", options.output, set.machines.size(),
                          made.files.size())
           << base::cli::printable(next_steps(options, set));
    return 0;
}

}  // namespace cli
