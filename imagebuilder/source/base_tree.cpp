// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/source/base_tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/process.h"
#include "imagebuilder/filetree/disk_tree.h"
#include "imagebuilder/guestfs/read_guest.h"
#include "imagebuilder/input_key.h"
#include "imagebuilder/source/source_file.h"
#include "imagebuilder/system/os_release.h"
#include "imagebuilder/tarball/packed_tar.h"
#include "imagebuilder/tree/layers.h"
#include "imagebuilder/work_dir.h"
#include "ovfkit/convert/convert.h"
#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/disk/disk_reader.h"
#include "ovfkit/package/inspection.h"
#include "ovfkit/package/source/open_package.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

// Raise it when the same disk gives another tar.
constexpr std::string_view kBaseTreeVersion = "muster base tree 1";
constexpr std::size_t kMostNotes = 100;

std::string called(const BaseSource& source) {
    return source.system.empty() ? source.location
                                 : fmt::format("{} ({})", source.location, source.system);
}

// ---- out of a package

const ovfkit::VirtualSystem& require_system(const ovfkit::Envelope& envelope,
                                            const std::string& wanted, const std::string& file) {
    const auto systems = ovfkit::all_systems(envelope);
    std::string names;
    for (const ovfkit::VirtualSystem* system : systems) {
        if (system->id == wanted || ovfkit::display_name(*system) == wanted ||
            (wanted.empty() && systems.size() == 1)) {
            return *system;
        }
        names += (names.empty() ? "" : ", ") + base::printable_line(system->id);
    }
    throw Error(ErrorKind::not_found,
                wanted.empty() ? fmt::format("'{}' holds {} machines", file, systems.size())
                               : fmt::format("'{}' holds no machine '{}'", file, wanted),
                fmt::format("name one with 'system': {}", names));
}

// The id of the machine's first disk.
std::string find_disk_id(const fs::path& ova, const std::string& system_name) {
    const auto source = ovfkit::open_package(ova.string());
    const ovfkit::Inspection found = ovfkit::inspect_source(*source, {});
    const ovfkit::VirtualSystem& system =
        require_system(found.envelope, system_name, ova.filename().string());
    const auto disks =
        ovfkit::disks_of(found.envelope, system, ovfkit::default_configuration(found.envelope));
    const auto disk = std::find_if(disks.begin(), disks.end(), [](const auto& attached) {
        return attached.disk != nullptr && attached.file != nullptr && !attached.is_cdrom;
    });
    if (disk == disks.end()) {
        throw Error(ErrorKind::not_found,
                    fmt::format("machine '{}' of '{}' has no disk with content",
                                base::printable_line(system.id), ova.filename().string()));
    }
    return disk->disk->id;
}

// Verified on the way, as by `muster convert`.
void unpack_disk(const fs::path& ova, const std::string& system, const fs::path& to) {
    ovfkit::ConvertOptions options;
    options.input = ova.string();
    options.output = to.string();
    options.from_package = true;
    options.to = ovfkit::DiskForm::raw;
    options.disk = find_disk_id(ova, system);
    ovfkit::convert_disk(options);
}

// ---- out of a disk

// Made in the locked-down child.
std::string describe_tree(const DiskTree& tree) {
    base::Json notes = base::Json::array();
    for (const std::string& note : tree.contents().notes) {
        if (notes.size() < kMostNotes) {
            notes.push_back(base::printable_line(note));
        }
    }
    std::string text = read_if_there(tree, "/etc/os-release").value_or("");
    if (text.empty()) {
        text = read_if_there(tree, "/usr/lib/os-release").value_or("");
    }
    const OsRelease os = parse_os_release(text);
    return base::Json{{"id", os.id}, {"code_name", os.code_name}, {"notes", notes}}.dump();
}

// Not believed: the child that wrote it may be the disk's. Returns the distribution.
std::string take_description(const std::string& text, BaseTree& tree) {
    const base::Json json = base::parse_json(text, "description of the disk");
    const OsRelease os = parse_os_release(fmt::format("ID={}\nVERSION_CODENAME={}\n",
                                                      base::require_string(json, "id"),
                                                      base::require_string(json, "code_name")));
    tree.release = os.code_name;
    tree.notes.clear();
    for (const base::Json& note : json.value("notes", base::Json::array())) {
        if (note.is_string() && tree.notes.size() < kMostNotes) {
            tree.notes.push_back(base::printable_line(note.get<std::string>()));
        }
    }
    return os.id;
}

// What the library says of the system is looked at as if the disk had said it.
std::string pack_by_guestfish(const fs::path& disk, const fs::path& tar,
                              const GuestfishSettings& settings, std::vector<GuestKey> keys) {
    GuestDrives drives;
    drives.add(disk);
    PackedTar packed(tar);
    const std::string release = write_guest_tar(
        {.drives = drives.drives(), .keys = std::move(keys), .guestfish = settings, .script = {}},
        packed.fifo());
    packed.finish();
    const OsRelease os = parse_os_release(release);
    return base::Json{{"id", os.id}, {"code_name", os.code_name}, {"notes", base::Json::array()}}
        .dump();
}

void pack_disk_tree(const fs::path& disk, const fs::path& tar) {
    base::AtomicFile file(tar);
    DiskTarStream stream(disk.string(), {}, {.devices = false});
    base::Command zstd = compression(stream.fd(), file.fd());
    zstd.timeout = std::chrono::hours(2);
    base::run_checked(zstd);
    stream.finish();
    file.commit();
}

// Returns the description.
std::string make_tree_files(const Recipe& recipe, const SourceFile& file, const fs::path& tar,
                            const BaseTools& tools) {
    std::optional<WorkDir> work;
    fs::path disk = file.path;
    if (recipe.base->kind == BaseSource::Kind::ova) {
        work.emplace(false);
        disk = work->path() / "disk.raw";
        unpack_disk(file.path, recipe.base->system, disk);
    } else if (recipe.install) {
        work.emplace(false);
        disk = work->path() / "disk.qcow2";
        install_from_iso(*recipe.install, recipe.folder, file.path, work->path(), disk,
                         tools.run_installer);
    }
    std::string description;
    if (tools.guestfish) {
        std::vector<GuestKey> keys;
        if (!recipe.base->key_file.empty()) {
            keys.push_back(
                {"all", read_guest_key((recipe.folder / recipe.base->key_file).string())});
        }
        description = pack_by_guestfish(disk, tar, *tools.guestfish, std::move(keys));
    } else {
        description = with_disk_tree(disk.string(), {}, describe_tree);
        pack_disk_tree(disk, tar);
    }
    if (work) {
        work->remove();
    }
    return description;
}

// Else empty: such names become parts of paths and of apt's sources.
std::string if_plain_name(std::string value) {
    const bool fits =
        value.size() <= 64 &&
        value.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos;
    return fits ? std::move(value) : "";
}

void require_debian(const BaseTree& tree, const std::string& distribution) {
    if (distribution != "debian" && distribution != "ubuntu") {
        throw Error(
            ErrorKind::unsupported,
            fmt::format("{} holds {}, not Debian or Ubuntu", tree.name(),
                        distribution.empty() ? "an unknown system" : "'" + distribution + "'"),
            "recipes install packages by apt and dpkg");
    }
}

// Replaces the disk by the tar of its tree.
void read_disk(const Recipe& recipe, const SourceFile& file, const BaseTools& tools,
               BaseTree& tree) {
    InputKey key;
    key.add("version", kBaseTreeVersion);
    key.add("disk", file.sha256);
    key.add("system", recipe.base->system);
    if (recipe.install) {
        add_to_key(*recipe.install, recipe.folder, key);
    }
    if (tools.guestfish) {
        key.add("reader", "libguestfs");
    }
    tree.key = key.finish();
    const fs::path trees = base::cache_dir() / "trees";
    base::make_dirs(trees, 0755);
    tree.tarball.file = trees / (tree.key + ".tar.zst");
    const fs::path record = trees / (tree.key + ".json");
    const base::FileLock lock(trees / (tree.key + ".lock"));
    // The record is written last: without it there is no tree.
    if (!fs::exists(record) || !fs::exists(tree.tarball.file)) {
        base::in_context(fmt::format("reading {}", tree.name()), [&] {
            base::write_file(record, make_tree_files(recipe, file, tree.tarball.file, tools));
        });
    } else {
        fs::last_write_time(record, fs::file_time_type::clock::now());
    }
    const std::string distribution = take_description(base::read_file(record), tree);
    for (const std::string& note : tree.notes) {
        base::log(base::LogLevel::warn, "imagebuilder", "{}: {}", tree.name(), note);
    }
    require_debian(tree, distribution);
}

}  // namespace

OsRelease parse_os_release(std::string_view text) {
    OsReleaseFields fields = read_os_release(text);
    return {if_plain_name(std::move(fields.id)), if_plain_name(std::move(fields.code_name))};
}

BaseTree get_base_tree(const Recipe& recipe, const BaseTools& tools) {
    const BaseSource& source = *recipe.base;
    const SourceFile file = get_source_file(source, recipe.folder);
    BaseTree tree;
    tree.kind = to_string(source.kind);
    tree.tarball = {file.path, called(source), file.sha256};
    tree.key = file.sha256;
    if (source.kind != BaseSource::Kind::tarball) {
        BaseTools fitting = tools;
        if (!source.key_file.empty() && !tools.guestfish) {
            fitting.guestfish.emplace();
        }
        read_disk(recipe, file, fitting, tree);
    }
    return tree;
}

}  // namespace imagebuilder
