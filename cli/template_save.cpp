// SPDX-License-Identifier: Apache-2.0
#include "cli/template_save.h"

#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "cli/daemon_client.h"
#include "cli/machine_disks.h"
#include "imagebuilder/capture/capture_machine.h"
#include "imagebuilder/filetree/disk_tree.h"
#include "imagebuilder/work_dir.h"
#include "ovfkit/disk/disk_reader.h"

namespace cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMostSchemaBytes = std::uint64_t{4} << 20U;
constexpr const char* kSchemaFolder = "/etc/muster/config.d";

// The deployment of a machine that runs, stopped until end() or for as long as this is there.
class Standstill {
  public:
    Standstill(const LocatedMachine& machine, base::cli::Io& io)
        : deployment_(machine.deployment), io_(io) {
        if (machine.running) {
            follow("stop");
            stopped_ = true;
        }
    }
    Standstill(const Standstill&) = delete;
    Standstill& operator=(const Standstill&) = delete;
    ~Standstill() {
        try {
            end();
        } catch (const base::Error& error) {
            io_.err << fmt::format("warning: {} could not be started again: {}\n", deployment_,
                                   base::cli::printable_line(error.message()));
        }
    }

    void end() {
        if (std::exchange(stopped_, false)) {
            follow("start");
        }
    }

  private:
    void follow(const std::string& verb) {
        const DaemonClient daemon = DaemonClient::open(io_);
        const base::OutliveInterrupts job_is_followed;
        const base::Json answer = daemon.call_whole(
            "POST", "/v1/deployments/" + base::url_encode(deployment_) + "/" + verb);
        daemon.follow_job(answer.at("job").get<std::uint64_t>(), io_);
    }

    std::string deployment_;
    base::cli::Io& io_;
    bool stopped_ = false;
};

// What the image declared it can be told, as the machine's guest program has it.
ovfkit::ConfigSchema schema_on(const fs::path& disk) {
    const std::string text = imagebuilder::with_disk_tree(
        disk.string(), {}, [](const imagebuilder::DiskTree& tree) -> std::string {
            for (const imagebuilder::TreeEntry& entry : tree.list(kSchemaFolder)) {
                if (entry.name.ends_with(".json")) {
                    return tree.read(std::string(kSchemaFolder) + "/" + entry.name,
                                     kMostSchemaBytes);
                }
            }
            return "";
        });
    return text.empty() ? ovfkit::ConfigSchema() : ovfkit::parse_config_schema(text, kSchemaFolder);
}

// A template is one file system: what fstab mounts besides would be missing in it.
void require_all_read(const LocatedMachine& machine,
                      const std::vector<imagebuilder::DiskFile>& disks) {
    const std::string unread =
        imagebuilder::with_disk_tree(disks, {}, [](const imagebuilder::DiskTree& tree) {
            std::string places;
            for (const std::string& place : tree.contents().unread) {
                places += (places.empty() ? "" : ", ") + base::printable_line(place);
            }
            return places;
        });
    if (!unread.empty()) {
        throw base::Error(
            base::ErrorKind::unsupported,
            fmt::format("machine '{}' mounts {}, which is not read", machine.name,
                        base::printable_line(unread)),
            "only ext2, ext3 and ext4 on its disks are; take its line out of /etc/fstab if the "
            "template is to do without");
    }
}

// What muster-guest and the first boot left, so that both begin again.
imagebuilder::TreeChanges changes_of_template() {
    imagebuilder::TreeChanges changes;
    changes.removed = {"/var/lib/muster-guest", "/var/lib/muster/firstboot.done"};
    return changes;
}

}  // namespace

imagebuilder::SavedImage save_template(const TemplateSaveOptions& options, base::cli::Io& io) {
    imagebuilder::NewSavedImage saved(options.name, options.force);
    const LocatedMachine machine = locate_machine(io, options.deployment, options.machine);
    const bool quiet = io.quiet || io.json;
    const auto say = [&](const std::string& text) {
        if (!quiet) {
            io.err << text << "\n" << std::flush;
        }
    };
    imagebuilder::WorkDir work(false);
    std::vector<imagebuilder::DiskFile> disks = disks_of(machine, read_spec_of(machine));
    if (machine.running && options.live) {
        say("copy what it has written, while it goes on");
        const RunningCopy copy =
            copy_running_disks(io, machine.deployment, {machine.name}, work.path(),
                               options.freeze ? kFreezeRequired : kNoFreeze)
                .at(machine.name);
        disks = copy.disks;
        say(options.freeze ? fmt::format("{} of its file systems stood still while the copy began",
                                         copy.frozen)
                           : "its file systems are as if its power had failed");
    } else if (machine.running) {
        Standstill standstill(machine, io);
        say("copy what it has written");
        base::ProgressBar bar("copying", 0, io.err_is_terminal && !quiet);
        const fs::path folder = work.path() / "disks";
        base::make_dirs(folder, 0700);
        disks = copy_stopped_disks(
            disks, folder, [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); });
        standstill.end();
    }

    // Of a machine that ran only its images have a part in what follows.
    const FileStamps stamps(disks);
    require_all_read(machine, disks);
    const imagebuilder::StoredImage& files = saved.files();
    const imagebuilder::CapturedDisk made =
        base::in_context(fmt::format("making a template of machine '{}'", machine.name), [&] {
            imagebuilder::CaptureOptions capture;
            capture.name = options.name;
            capture.from.disks = disks;
            capture.changes = changes_of_template();
            capture.work_dir = work.path();
            capture.qcow2 = files.disk;
            capture.on_step = say;
            return imagebuilder::capture_machine(capture);
        });
    stamps.require_unchanged(machine.name);
    base::write_file(files.kernel, made.kernel);
    base::write_file(files.initrd, made.initrd);
    imagebuilder::ImageRecord record;
    record.description =
        fmt::format("saved from machine '{}' of '{}'", machine.name, machine.deployment);
    record.kernel_command_line = made.command_line;
    record.capacity_bytes = ovfkit::open_disk(files.disk.string())->capacity_bytes();
    record.config = schema_on(files.disk);
    const imagebuilder::SavedImage result = saved.publish(
        record, fmt::format("machine '{}' of '{}'", machine.name, machine.deployment));
    work.remove();
    return result;
}

}  // namespace cli
