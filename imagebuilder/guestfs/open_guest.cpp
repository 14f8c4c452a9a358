// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/guestfs/open_guest.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/printable.h"
#include "imagebuilder/system/os_release.h"

namespace imagebuilder {

namespace {

using base::Error;
using base::ErrorKind;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kMostWordBytes = 200;
constexpr std::size_t kMostPairs = 500;
// Argon2 of LUKS2 takes up to 1 GiB for itself.
constexpr const char* kMemoryForKeys = "2048";

// A device's name of libguestfs, which goes into commands.
bool is_device(std::string_view text) {
    return (text.starts_with("/dev/") || text.starts_with("btrfsvol:/dev/")) &&
           text.size() <= kMostWordBytes &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Pairs parse_pairs(std::string_view text) {
    Pairs pairs;
    for (const std::string& line : parse_lines(text)) {
        const std::size_t colon = line.rfind(": ");
        if (colon != std::string::npos && pairs.size() < kMostPairs) {
            pairs.emplace_back(line.substr(0, colon), line.substr(colon + 2));
        }
    }
    return pairs;
}

// What a machine of Fedora's and its kin calls it in fstab.
std::string mapping_name(const std::string& device, const std::string& uuid) {
    return uuid.empty() ? "muster-" + device.substr(device.rfind('/') + 1) : "luks-" + uuid;
}

std::string luks_uuid(GuestfishSession& session, const std::string& device) {
    const std::string uuid = plain_answer(session.find({"luks-uuid", device}).value_or(""));
    const bool fits =
        uuid.size() == 36 && uuid.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
    return fits ? uuid : "";
}

[[noreturn]] void fail_locked(const std::string& device, const std::string& uuid, bool tried) {
    const std::string which =
        fmt::format("{}{}", device, uuid.empty() ? "" : fmt::format(" (UUID {})", uuid));
    if (tried) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("no key that was given opens the encrypted volume {}", which),
                    "check the passphrase; a key file's first line is the passphrase");
    }
    throw Error(ErrorKind::usage, fmt::format("the volume {} is encrypted (LUKS)", which),
                fmt::format("give its passphrase: --key {}:file:FILENAME", device));
}

struct LockedVolume {
    std::string device;
    std::string uuid;
    bool tried = false;
};

// Not of list-filesystems: that leaves them out.
std::vector<std::string> find_encrypted(GuestfishSession& session) {
    std::vector<std::string> devices;
    for (const char* command : {"list-devices", "list-partitions", "lvs"}) {
        for (const std::string& device : parse_lines(session.run({command}))) {
            if (is_device(device) && devices.size() < kMostPairs &&
                session.find({"vfs-type", device}).value_or("").starts_with("crypto_LUKS")) {
                devices.push_back(device);
            }
        }
    }
    return devices;
}

// Opens what it has keys for.
std::vector<LockedVolume> open_volumes(GuestfishSession& session, const OpenGuestOptions& options,
                                       GuestSystem& system) {
    std::vector<LockedVolume> locked;
    for (const std::string& device : find_encrypted(session)) {
        const std::string uuid = luks_uuid(session, device);
        const std::vector<GuestKey> keys = keys_for(options.keys, device, uuid);
        // Writable also to be read only: a drive that is read only has an overlay, and journals
        // have to be replayed.
        const bool opened = std::any_of(keys.begin(), keys.end(), [&](const GuestKey& key) {
            return session.find({"cryptsetup-open", device, mapping_name(device, uuid)}, key.secret)
                .has_value();
        });
        if (opened) {
            system.encrypted.push_back(device);
        } else {
            locked.push_back({device, uuid, !keys.empty()});
        }
    }
    if (!system.encrypted.empty()) {
        session.run({"lvm-scan", "true"});
    }
    return locked;
}

std::string find_root(GuestfishSession& session, const std::vector<LockedVolume>& locked) {
    std::vector<std::string> roots = parse_lines(session.run({"inspect-os"}));
    std::erase_if(roots, [](const std::string& root) { return !is_device(root); });
    if (roots.size() == 1) {
        return roots.front();
    }
    if (roots.size() > 1) {
        throw Error(
            ErrorKind::unsupported,
            fmt::format("the disk holds {} systems: {}", roots.size(), fmt::join(roots, ", ")),
            "disks with several systems are not for this; use guestfish");
    }
    if (!locked.empty()) {
        fail_locked(locked.front().device, locked.front().uuid, locked.front().tried);
    }
    std::string seen;
    for (const auto& [device, kind] : parse_filesystems(session.run({"list-filesystems"}))) {
        seen += fmt::format("{}{} is {}", seen.empty() ? "" : ", ", plain_answer(device),
                            plain_answer(kind));
    }
    throw Error(ErrorKind::unsupported, fmt::format("libguestfs finds no system in the disk ({})",
                                                    seen.empty() ? "no file system at all" : seen));
}

void mount_all(GuestfishSession& session, const GuestSystem& system, bool read_only) {
    Pairs mounts = parse_mountpoints(session.run({"inspect-get-mountpoints", system.root}));
    // The root is where that fstab was found, whatever it says.
    std::erase_if(mounts, [](const auto& mount) {
        return !mount.first.starts_with('/') || mount.first == "/" || !is_device(mount.second);
    });
    mounts.insert(mounts.begin(), {"/", system.root});
    for (const auto& [place, device] : mounts) {
        const GuestfishWords words =
            read_only ? GuestfishWords{"mount-ro", device, place}
                      : GuestfishWords{"mount-options", "discard", device, place};
        if (place == "/") {
            // ntfs-3g knows no discard.
            if (read_only || !session.find(words)) {
                session.run({read_only ? "mount-ro" : "mount", device, place});
            }
        } else if (!session.find(words) && (read_only || !session.find({"mount", device, place}))) {
            base::log(base::LogLevel::warn, "guestfish", "'{}' ({}) cannot be mounted",
                      plain_answer(place), device);
        }
    }
}

}  // namespace

std::string plain_answer(std::string_view text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    return base::printable_line(line.substr(0, kMostWordBytes));
}

std::vector<std::string> parse_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (end != 0) {
            lines.emplace_back(text.substr(0, end));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

Pairs parse_filesystems(std::string_view text) {
    return parse_pairs(text);
}

Pairs parse_mountpoints(std::string_view text) {
    Pairs mounts = parse_pairs(text);
    std::stable_sort(mounts.begin(), mounts.end(),
                     [](const auto& a, const auto& b) { return a.first.size() < b.first.size(); });
    return mounts;
}

std::optional<std::string> find_guest_text(GuestfishSession& session, const std::string& path,
                                           std::uint64_t max_bytes) {
    // A pipe or a device would have no end.
    const std::string is_file = session.find({"is-file", path, "followsymlinks:true"}).value_or("");
    const std::string size = plain_answer(session.find({"filesize", path}).value_or(""));
    constexpr std::size_t kMostDigits = 12;
    if (!is_file.starts_with("true") || size.empty() || size.size() > kMostDigits ||
        std::strtoull(size.c_str(), nullptr, 10) > max_bytes) {
        return std::nullopt;
    }
    const base::TempDir folder;
    const std::filesystem::path file = folder.path() / "file";
    session.run({"download", path, file.string()});
    return base::read_file(file, max_bytes);
}

std::string read_guest_os_release(GuestfishSession& session) {
    constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20U;
    for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
        if (const auto text = find_guest_text(session, path, kMostBytes)) {
            return *text;
        }
    }
    return "";
}

GuestSystem open_guest(GuestfishSession& session, const OpenGuestOptions& options) {
    GuestSystem system;
    if (!options.keys.empty()) {
        session.run({"set-memsize", kMemoryForKeys});
    }
    if (options.network) {
        session.run({"set-network", "true"});
    }
    for (const GuestDrive& drive : options.drives) {
        GuestfishWords add{"add-drive", drive.disk.string(), "format:" + drive.format};
        if (options.read_only) {
            add.emplace_back("readonly:true");
        } else {
            add.insert(add.end(), {"cachemode:unsafe", "discard:besteffort"});
        }
        session.run(add);
    }
    if (!options.scratch.empty()) {
        session.run({"add-drive", options.scratch.string(), "format:raw", "cachemode:unsafe"});
    }
    session.run({"run"});
    const std::vector<LockedVolume> locked = open_volumes(session, options, system);
    system.root = find_root(session, locked);
    const auto ask = [&](const char* what) {
        return plain_answer(session.find({what, system.root}).value_or(""));
    };
    system.type = ask("inspect-get-type");
    system.distro = ask("inspect-get-distro");
    system.product_name = ask("inspect-get-product-name");
    system.architecture = ask("inspect-get-arch");
    system.filesystem = ask("vfs-type");
    mount_all(session, system, options.read_only);
    if (system.type == "linux") {
        // The library has Debian's version number for a name.
        const std::string name = read_os_release(read_guest_os_release(session)).pretty_name;
        system.product_name = name.empty() ? system.product_name : plain_answer(name);
    }
    return system;
}

}  // namespace imagebuilder
