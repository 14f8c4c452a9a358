// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/set/capture.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "assembler/assembly_file.h"
#include "assembler/introspect/set/capture_plan.h"
#include "base/error.h"
#include "base/file.h"

namespace assembler {

namespace {

namespace fs = std::filesystem;

// The disks of a set on their way into a package.
class DiskMaker {
  public:
    DiskMaker(const MachineSet& set, const AssemblyFolder& folder, const CaptureSetOptions& options,
              fs::path work)
        : set_(set), options_(options), work_(std::move(work)) {
        for (const MachineFacts& machine : set.machines) {
            const MachineOutput& output = folder.machines.at(machine.name);
            plans_.emplace(machine.name, plan_capture(machine, set.members.at(machine.name), output,
                                                      options.keep_identity));
            say(machine.name, plans_.at(machine.name).notes);
            for (const Remark& remark : output.remarks) {
                say(machine.name, {remark.text});
            }
        }
    }

    // Throws not_found for a machine that no source is of.
    void require(const std::string& name) const {
        if (!plans_.contains(name)) {
            throw base::Error(
                base::ErrorKind::not_found,
                fmt::format("machine '{}' of the assembly is none that was read", name),
                "NAME=SOURCE gives a source the name that the assembly has for it");
        }
    }

    ProvidedImage make(const std::string& name) const {
        const CapturePlan& plan = plans_.at(name);
        const base::TempDir scratch(work_, "disk");
        const SetMember& member = set_.members.at(name);
        imagebuilder::CaptureOptions capture;
        capture.name = name;
        capture.from.disks = member.from.disks;
        capture.from.folder = member.from.folder;
        capture.from.tar = member.from.tar;
        capture.from.size_bytes = member.from.size_bytes;
        capture.changes = plan.changes;
        capture.other_mounts = plan.other_mounts;
        capture.firstboot = plan.firstboot;
        capture.uefi = plan.uefi;
        capture.grow = plan.grow;
        capture.seal = !options_.keep_identity;
        capture.work_dir = scratch.path();
        ProvidedImage image{.name = name,
                            .disk = work_ / (name + ".qcow2"),
                            .kernel = work_ / (name + ".vmlinuz"),
                            .initrd = work_ / (name + ".initrd"),
                            .kernel_command_line = ""};
        capture.qcow2 = image.disk;
        capture.on_step = [&](const std::string& step) {
            options_.on_step(fmt::format("{}: {}", name, step));
        };
        imagebuilder::CapturedDisk captured = imagebuilder::capture_machine(capture);
        check_unchanged(member);
        base::write_file(image.kernel, captured.kernel);
        base::write_file(image.initrd, captured.initrd);
        image.kernel_command_line = std::move(captured.command_line);
        return image;
    }

  private:
    void say(const std::string& machine, const std::vector<std::string>& notes) const {
        for (const std::string& note : notes) {
            options_.on_warning(fmt::format("{}: {}", machine, note));
        }
    }

    const MachineSet& set_;
    const CaptureSetOptions& options_;
    fs::path work_;
    std::map<std::string, CapturePlan> plans_;
};

// The user's own, or what was found.
std::string assembly_text(const CaptureSetOptions& options, const AssemblyFolder& folder) {
    if (options.assembly.empty()) {
        return folder.files.front().content;
    }
    const fs::path file =
        fs::is_directory(options.assembly) ? options.assembly / "assembly.yaml" : options.assembly;
    return base::read_file(file);
}

}  // namespace

fs::path room_for(const fs::path& output) {
    if (output == "-") {
        return fs::temp_directory_path();
    }
    const fs::path folder = fs::absolute(output).parent_path();
    if (!fs::is_directory(folder)) {
        throw base::Error(base::ErrorKind::not_found,
                          fmt::format("there is no folder '{}'", folder.string()));
    }
    return folder;
}

CaptureResult capture_set(const MachineSet& set, const CaptureSetOptions& options) {
    CaptureResult result;
    // What they are together. Secrets stay where they are: in the images.
    SetFolderOptions folder;
    folder.name = options.name;
    folder.version = options.version;
    folder.keep_secrets = true;
    result.folder = make_set_folder(set, folder);

    // What each becomes; what cannot be is said before any work.
    const base::TempDir work(room_for(options.output), ".capture");
    const DiskMaker disks(set, result.folder, options, work.path());
    base::write_file(work.path() / "assembly.yaml", assembly_text(options, result.folder));
    const auto no_schema = [](const fs::path&) { return std::nullopt; };
    for (const AssemblyMachine& machine : load_assembly(work.path(), no_schema).machines) {
        disks.require(machine.name);
    }

    // The disks are made when the package wants them, and gone with the folder.
    PackOptions pack;
    pack.assembly = work.path();
    pack.output = options.output;
    pack.signer = options.signer;
    pack.digest = options.digest;
    pack.schemas = no_schema;
    pack.provide_image = [&](const AssemblyMachine& machine, const fs::path&) {
        return disks.make(machine.name);
    };
    pack.on_warning = options.on_warning;
    pack.on_progress = options.on_progress;
    result.package = pack_assembly(pack);
    return result;
}

}  // namespace assembler
