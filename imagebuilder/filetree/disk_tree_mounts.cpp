// SPDX-License-Identifier: Apache-2.0
// Which partition of a disk is what: the root file system, and what its /etc/fstab mounts.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/letter_case.h"
#include "base/printable.h"
#include "imagebuilder/filetree/disk/file_system_mark.h"
#include "imagebuilder/filetree/disk/fstab.h"
#include "imagebuilder/filetree/disk_tree.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;

bool is_ext(const DiskPart& part) {
    return part.file_system.starts_with("ext") && part.file_system.size() == 4;
}

// Where boot loaders are, of which a machine needs nothing once it runs.
bool is_loaders(std::string_view place) {
    return place == "/boot/efi" || place == "/efi";
}

// "/dev/vda12" → "/dev/vda" and 12, "/dev/nvme0n1p2" → "/dev/nvme0n1" and 2.
std::pair<std::string, unsigned> split_device(const std::string& device) {
    const std::size_t digits = device.find_last_not_of("0123456789") + 1;
    std::string disk = device.substr(0, digits);
    const std::string number = device.substr(digits, 4);
    if (disk.size() > 1 && disk.back() == 'p' && disk[disk.size() - 2] >= '0' &&
        disk[disk.size() - 2] <= '9') {
        disk.pop_back();
    }
    return {disk, number.empty() ? 0 : static_cast<unsigned>(std::stoul(number))};
}

}  // namespace

// 2: a root that says which system it is, 1: folders of one, 0: none.
int DiskTree::rate_as_root(std::size_t part) {
    set_root(part);
    const auto is = [&](const char* path, TreeEntry::Type type) {
        const std::optional<std::string> plain = resolve(path);
        const auto entry = plain ? find(*plain) : std::nullopt;
        return entry && entry->type == type;
    };
    using Type = TreeEntry::Type;
    const bool folders = is("/etc", Type::directory);
    if (folders && (is("/etc/os-release", Type::file) || is("/usr/lib/os-release", Type::file))) {
        return 2;
    }
    return folders && (is("/usr", Type::directory) || is("/etc/fstab", Type::file)) ? 1 : 0;
}

void DiskTree::set_root(std::size_t part) {
    for (DiskPart& other : contents_.parts) {
        other.mounted.clear();
    }
    mounts_ = {{"/", part}};
    folders_.clear();
    places_.clear();
    cached_children_ = 0;
    contents_.parts[part].mounted = "/";
    contents_.parts[part].journal_dirty = volume(part).journal_is_dirty();
}

void DiskTree::fail_without_root() const {
    std::string others;
    bool may_be_there = false;
    for (const DiskPart& part : contents_.parts) {
        if (part.file_system.empty() || is_ext(part)) {
            continue;
        }
        others += fmt::format("{}{} is {}", others.empty() ? "" : ", ", describe_part(part),
                              part.file_system);
        const FileSystemMark mark =
            identify_file_system(*pages_[part.disk], part.offset, part.bytes);
        may_be_there = may_be_there || mark.may_be_root || part.file_system == "NTFS";
    }
    if (may_be_there) {
        throw Error(
            ErrorKind::unsupported,
            fmt::format("disk '{}' has no root file system that is read here: {}", name(), others),
            kReadByLibguestfs);
    }
    std::string why = others.empty() ? "" : fmt::format(" ({})", others);
    for (const std::string& note : contents_.notes) {
        why += "; " + note;
    }
    throw Error(ErrorKind::not_found,
                fmt::format("disk '{}' has no root file system of a Linux{}", name(), why));
}

std::size_t DiskTree::find_root(const DiskTreeOptions& options) {
    std::optional<std::size_t> best;
    int best_rate = 0;
    std::vector<std::string> roots;
    for (std::size_t i = 0; i < contents_.parts.size(); ++i) {
        const DiskPart& part = contents_.parts[i];
        if (options.root_partition) {
            if (part.number != *options.root_partition) {
                continue;
            }
            if (!is_ext(part)) {
                throw Error(ErrorKind::unsupported,
                            fmt::format("disk '{}': {} is {}, which is not read here", name(),
                                        describe_part(part),
                                        part.file_system.empty() ? "unknown" : part.file_system),
                            kReadByLibguestfs);
            }
            return i;
        }
        if (!is_ext(part)) {
            continue;
        }
        try {
            const int rate = rate_as_root(i);
            if (rate == 2) {
                roots.push_back(describe_part(part));
            }
            if (rate > best_rate) {
                best = i;
                best_rate = rate;
            }
        } catch (const Error& error) {
            // Damage of one file system is no reason to leave the others.
            if (error.kind() != ErrorKind::invalid_input &&
                error.kind() != ErrorKind::unsupported) {
                throw;
            }
            contents_.notes.push_back(error.message());
        }
    }
    if (options.root_partition) {
        throw Error(ErrorKind::not_found,
                    fmt::format("disk '{}' has no partition {}", name(), *options.root_partition));
    }
    if (!best) {
        fail_without_root();
    }
    if (roots.size() > 1) {
        contents_.notes.push_back(
            fmt::format("{} hold a system each; the first was read", fmt::join(roots, " and ")));
    }
    return *best;
}

// What fstab calls a device, where it means a partition of this disk.
std::optional<std::size_t> DiskTree::find_part(const std::string& device) const {
    struct Tag {
        std::string_view name;
        std::string_view folder;
        std::string DiskPart::*field;
    };
    static const std::array<Tag, 4> kTags{{
        {"UUID=", "/dev/disk/by-uuid/", &DiskPart::fs_uuid},
        {"LABEL=", "/dev/disk/by-label/", &DiskPart::fs_label},
        {"PARTUUID=", "/dev/disk/by-partuuid/", &DiskPart::uuid},
        {"PARTLABEL=", "/dev/disk/by-partlabel/", &DiskPart::name},
    }};
    const auto find_by = [&](const auto& matches) -> std::optional<std::size_t> {
        const auto found = std::find_if(contents_.parts.begin(), contents_.parts.end(), matches);
        return found == contents_.parts.end()
                   ? std::nullopt
                   : std::optional(static_cast<std::size_t>(found - contents_.parts.begin()));
    };
    for (const Tag& tag : kTags) {
        for (const std::string_view prefix : {tag.name, tag.folder}) {
            if (!device.starts_with(prefix)) {
                continue;
            }
            const std::string wanted = device.substr(prefix.size());
            return wanted.empty() ? std::nullopt : find_by([&](const DiskPart& part) {
                return part.*tag.field == wanted ||
                       (tag.name.ends_with("UUID=") && base::to_lower(wanted) == part.*tag.field);
            });
        }
    }
    return std::nullopt;
}

void DiskTree::mount(std::size_t part, const std::string& place) {
    DiskPart& mounted = contents_.parts[part];
    const std::optional<std::string> plain = resolve(place);
    const auto entry = plain ? find(*plain) : std::nullopt;
    if (!entry || entry->type != TreeEntry::Type::directory || mounts_.contains(*plain) ||
        !mounted.mounted.empty()) {
        contents_.notes.push_back(fmt::format("{} cannot be mounted at '{}', as /etc/fstab says",
                                              describe_part(mounted), base::printable(place)));
        return;
    }
    const bool dirty = volume(part).journal_is_dirty();
    mounts_[*plain] = part;
    mounted.mounted = *plain;
    mounted.journal_dirty = dirty;
    folders_.clear();
    places_.clear();
    cached_children_ = 0;
}

// What the root's own line calls its disk. Names of the kernel say something only when they fit
// the root: "/dev/sda1" is this disk then.
std::string DiskTree::own_disk_name(const std::vector<FstabMount>& mounts) const {
    std::string own_disk;
    for (const FstabMount& mount : mounts) {
        const auto [disk, number] = split_device(mount.device);
        if (mount.place == "/" && mount.device.starts_with("/dev/") &&
            number == contents_.parts[mounts_.at("/")].number) {
            own_disk = disk;
        }
    }
    return own_disk;
}

// "/dev/vdb" is the second of several disks: that is how the kernel counts them.
std::optional<std::size_t> DiskTree::disk_called(const std::string& device) const {
    for (const std::string_view prefix : {"/dev/vd", "/dev/sd", "/dev/xvd", "/dev/hd"}) {
        if (pages_.size() > 1 && device.size() == prefix.size() + 1 && device.starts_with(prefix)) {
            const auto disk = static_cast<std::size_t>(device.back() - 'a');
            return disk < pages_.size() ? std::optional(disk) : std::nullopt;
        }
    }
    return std::nullopt;
}

std::optional<std::size_t> DiskTree::find_part_of(const FstabMount& line,
                                                  const std::string& own_disk) const {
    if (const auto part = find_part(line.device)) {
        return part;
    }
    const auto [name, number] = split_device(line.device);
    const auto disk = !own_disk.empty() && name == own_disk
                          ? std::optional(contents_.parts[mounts_.at("/")].disk)
                          : disk_called(name);
    for (std::size_t i = 0; disk && i < contents_.parts.size(); ++i) {
        if (contents_.parts[i].disk == *disk && contents_.parts[i].number == number) {
            return i;
        }
    }
    return std::nullopt;
}

void DiskTree::mount_others() {
    std::vector<FstabMount> mounts = parse_fstab(read_if_there(*this, "/etc/fstab").value_or(""));
    // A line may come before the one that mounts the folder which it needs.
    std::stable_sort(mounts.begin(), mounts.end(), [](const FstabMount& a, const FstabMount& b) {
        return a.place.size() < b.place.size();
    });
    const std::string own_disk = own_disk_name(mounts);
    for (const FstabMount& line : mounts) {
        const std::optional<std::size_t> part = find_part_of(line, own_disk);
        if (line.place == "/") {
            continue;
        }
        if (!part || !is_ext(contents_.parts[*part])) {
            if (line.needed && !is_loaders(line.place)) {
                contents_.unread.push_back(line.place);
            }
            contents_.notes.push_back(
                fmt::format("'{}' ({}) is not read: {}", base::printable(line.place),
                            base::printable(line.type),
                            part ? "only ext2, ext3 and ext4 are"
                                 : fmt::format("its device is not on {}",
                                               pages_.size() == 1 ? "this disk" : "these disks")));
            continue;
        }
        try {
            mount(*part, line.place);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::invalid_input &&
                error.kind() != ErrorKind::unsupported) {
                throw;
            }
            contents_.notes.push_back(error.message());
        }
    }
    for (std::size_t i = 0; i < contents_.parts.size(); ++i) {
        const DiskPart& part = contents_.parts[i];
        if (part.mounted.empty()) {
            continue;
        }
        if (part.journal_dirty) {
            contents_.notes.push_back(
                fmt::format("{} was not unmounted: changes that only its journal has are not seen",
                            describe_part(part)));
        }
        if (volume(i).is_cut_off()) {
            contents_.notes.push_back(fmt::format(
                "{} is shorter than its file system: the image is cut off", describe_part(part)));
        }
    }
}

}  // namespace imagebuilder
