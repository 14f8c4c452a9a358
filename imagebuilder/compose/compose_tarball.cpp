// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/compose/compose_tarball.h"

#include <fcntl.h>
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "imagebuilder/compose/finishing.h"
#include "imagebuilder/compose/tar_survey.h"
#include "imagebuilder/compose/tree_filter.h"
#include "imagebuilder/disk/disk_image.h"
#include "imagebuilder/disk/efi/efi_partition.h"
#include "imagebuilder/disk/grub_bios.h"
#include "imagebuilder/disk/initrd.h"
#include "imagebuilder/tree/seal.h"

namespace imagebuilder {

namespace {

constexpr std::int64_t kNewestTime = 0x7fffffff;   // as 32 bits hold it
constexpr std::uint64_t kInitrdRoom = 64U << 10U;  // of an initrd besides busybox and modules
constexpr const char* kMachineIdentityHint =
    "nothing makes these anew: remove them from the machine, or keep all by --keep-identity when "
    "it is not to run twice";

// The file from its beginning.
class TarFile : public TarPassage {
  public:
    explicit TarFile(const Tarball& tarball)
        : fd_(base::open_file(tarball.file.string(), O_RDONLY)),
          entries_(fd_.get(), tarball.name) {}
    TarEntries& entries() override { return entries_; }

  private:
    base::UniqueFd fd_;
    TarEntries entries_;
};

// What `read` makes of the entries.
template <typename Read>
auto pass_through(const ComposeOptions& options, const Read& read) {
    const std::unique_ptr<TarPassage> tar =
        options.open_tar ? options.open_tar() : std::make_unique<TarFile>(options.tarball);
    try {
        auto result = read(tar->entries());
        tar->finish();
        return result;
    } catch (const base::Error& error) {
        // A tar that breaks off is the lesser half of the story.
        if (error.kind() == base::ErrorKind::invalid_input) {
            tar->finish();
        }
        throw;
    }
}

TarSurvey survey_of(const ComposeOptions& options) {
    return pass_through(options,
                        [](TarEntries& entries) { return TarSurvey(entries, survey_files()); });
}

// Passes on what it reads of a file, and keeps it.
std::string add_and_keep(Ext4Writer& files, const FileEntry& entry, TarEntries& entries) {
    std::string content;
    files.add(entry, [&](std::span<std::byte> buffer) {
        const std::size_t got = entries.read(buffer);
        content += base::as_text(buffer.first(got));
        return got;
    });
    return content;
}

void add_new_file(Ext4Writer& files, const NewFile& file) {
    std::size_t read = 0;
    files.add(file.entry, [&](std::span<std::byte> buffer) {
        const auto rest = base::as_bytes(file.content).subspan(read);
        const std::size_t count = std::min(rest.size(), buffer.size());
        std::copy_n(rest.begin(), count, buffer.begin());
        read += count;
        return count;
    });
}

// What the tree of an image is made of, decided before its content passes by.
struct ComposePlan {
    explicit ComposePlan(const ComposeOptions& options) : survey(survey_of(options)) {}

    TarSurvey survey;
    KernelFiles kernel;
    std::vector<NewFile> files;
    NewFile initrd;  // without content
    NewFile grub;
    std::int64_t epoch = 0;
    std::string command_line;
};

ComposePlan plan_composition(const ComposeOptions& options) {
    const Recipe& recipe = *options.recipe;
    ComposePlan plan(options);
    plan.epoch = std::min(options.epoch.value_or(plan.survey.newest()), kNewestTime);
    plan.kernel = find_kernel_files(
        plan.survey, options.changes == nullptr ? "" : options.changes->kernel_version);
    plan.files = plan_new_files({recipe, options.guest, options.filesystem_uuid, options.changes},
                                plan.survey, plan.epoch);
    plan.command_line = kernel_command_line(recipe, options.filesystem_uuid);
    plan.initrd =
        make_new_file(plan.survey, std::string(kInitrdInTree).substr(1), "", 0600, plan.epoch);
    plan.grub = make_new_file(
        plan.survey, std::string(kGrubConfigInTree).substr(1),
        make_grub_config({recipe.name, "/" + plan.kernel.kernel, kInitrdInTree, plan.command_line}),
        0644, plan.epoch);
    return plan;
}

// Entries go from the tar into the file system; the content of some is kept.
class TarPasser {
  public:
    TarPasser(const ComposePlan& plan, bool seal, const TreeChanges* changes)
        : plan_(plan),
          is_machine_(changes != nullptr),
          filter_(seal, replaced_places(plan),
                  changes == nullptr ? std::set<std::string>() : removed_places(plan, *changes)) {
        kept_.emplace(plan.kernel.kernel, "");
        for (const std::string& module : plan.kernel.modules) {
            kept_.emplace(plan.kernel.modules_folder + module, "");
        }
    }

    void pass(TarEntries& entries, Ext4Writer& files) {
        FileEntry entry;
        for (std::uint64_t number = 0; entries.next(entry); ++number) {
            base::interrupt().check();
            if (!place(entry, number) || !filter_.admit(entry)) {
                continue;
            }
            const auto kept = kept_.find(entry.path);
            if (kept != kept_.end()) {
                kept->second = add_and_keep(files, entry, entries);
            } else if (entry.size == 0) {
                files.add(entry, [](std::span<std::byte>) { return std::size_t{0}; });
            } else {
                files.add(entry, [&](std::span<std::byte> buffer) { return entries.read(buffer); });
            }
        }
        for (const std::string& path : filter_.files_to_make()) {
            add_new_file(files, make_new_file(plan_.survey, path, "", 0644, plan_.epoch));
        }
        require_no_identity(filter_.identities(),
                            is_machine_ ? kMachineIdentityHint : kIdentityHint);
    }

    std::string take_kept(const std::string& place) { return std::move(kept_.at(place)); }

  private:
    static std::set<std::string> replaced_places(const ComposePlan& plan) {
        std::set<std::string> places{plan.initrd.entry.path, plan.grub.entry.path};
        for (const NewFile& file : plan.files) {
            places.insert(file.entry.path);
        }
        return places;
    }

    static std::set<std::string> removed_places(const ComposePlan& plan,
                                                const TreeChanges& changes) {
        std::set<std::string> places;
        for (const std::string& path : changes.removed) {
            places.insert(plan.survey.place_of(path.substr(path.find_first_not_of('/'))));
        }
        return places;
    }

    // False: a later entry of the tar is there instead.
    bool place(FileEntry& entry, std::uint64_t number) const {
        entry.path = plan_.survey.place_of(entry.path);
        if (entry.type == FileEntry::Type::hard_link) {
            entry.link_target = plan_.survey.place_of(entry.link_target);
        }
        const TarItem& item = plan_.survey.items().at(entry.path);
        if (entry.type == FileEntry::Type::directory) {
            return item.type == FileEntry::Type::directory;
        }
        return item.number == number;
    }

    const ComposePlan& plan_;
    bool is_machine_;
    TreeFilter filter_;
    std::map<std::string, std::string> kept_;  // by place
};

DiskOptions disk_options_of(const ComposeOptions& options, const ComposePlan& plan) {
    const DiskLayout layout = disk_of(*options.recipe);
    DiskOptions disk{options.qcow2,           layout.size_bytes, options.key,
                     options.filesystem_uuid, plan.epoch,        options.work_dir};
    disk.bios = layout.bios;
    if (layout.uefi) {
        const std::uint64_t initrd =
            base::file_size(find_static_busybox()) + plan.kernel.module_bytes + kInitrdRoom;
        disk.efi_bytes = efi_partition_size(plan.kernel.kernel_bytes, initrd);
    }
    return disk;
}

}  // namespace

std::int64_t newest_time_in(const Tarball& tarball) {
    ComposeOptions options;
    options.tarball = tarball;
    return std::min(survey_of(options).newest(), kNewestTime);
}

ImageParts compose_tarball(const ComposeOptions& options) {
    options.on_step("read " + options.tarball.name);
    ComposePlan plan = plan_composition(options);
    options.on_step("disk");
    const DiskOptions disk_options = disk_options_of(options, plan);
    ImageDisk disk(disk_options);
    TarPasser passer(plan, wants_seal(*options.recipe), options.changes);
    pass_through(options, [&](TarEntries& entries) {
        passer.pass(entries, disk.files());
        return true;
    });
    // What is made of files that passed by.
    ImageParts composed;
    composed.epoch = plan.epoch;
    composed.kernel = passer.take_kept(plan.kernel.kernel);
    composed.kernel_version = plan.kernel.version;
    composed.initrd = make_initrd(
        plan.kernel.modules_dep,
        [&](const std::string& module) {
            return passer.take_kept(plan.kernel.modules_folder + module);
        },
        find_static_busybox());
    composed.command_line = plan.command_line;
    composed.packages = read_packages(plan.survey);
    plan.initrd.content = composed.initrd;
    plan.initrd.entry.size = composed.initrd.size();
    plan.files.push_back(std::move(plan.initrd));
    plan.files.push_back(std::move(plan.grub));
    for (const NewFile& file : plan.files) {
        add_new_file(disk.files(), file);
    }
    std::optional<EfiBoot> efi;
    if (disk_options.efi_bytes != 0) {
        efi = EfiBoot{options.recipe->name, composed.kernel_version, composed.kernel,
                      composed.initrd, composed.command_line};
    }
    disk.finish(efi);
    return composed;
}

}  // namespace imagebuilder
