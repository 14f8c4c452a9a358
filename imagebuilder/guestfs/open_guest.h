// SPDX-License-Identifier: Apache-2.0
// From a raw disk to the mounted file systems of the system in it, by libguestfs: encrypted volumes
// opened, logical volumes found, the system inspected, its fstab mounted. What libguestfs says of a
// stranger's disk is shortened and made printable here, and is not believed beyond that.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imagebuilder/guestfs/guest_keys.h"
#include "imagebuilder/guestfs/guestfish_session.h"

namespace imagebuilder {

struct GuestDrive {
    std::filesystem::path disk;
    std::string format = "raw";  // as qemu calls it; never what the disk itself says
};

struct OpenGuestOptions {
    std::vector<GuestDrive> drives;  // of one machine
    std::vector<GuestKey> keys;
    std::filesystem::path scratch;  // a raw file to write to, the last device; empty: none
    bool read_only = true;
    bool network = false;  // for what runs in it
};

// As libguestfs's inspection says.
struct GuestSystem {
    std::string root;                    // the device: "/dev/sda2", "/dev/vg/root"
    std::string filesystem;              // of it: "xfs"
    std::string type;                    // "linux", "windows", …
    std::string distro;                  // "debian", "fedora"; "windows" there
    std::string product_name;            // "Debian GNU/Linux 12 (bookworm)"
    std::string architecture;            // "x86_64"
    std::vector<std::string> encrypted;  // devices that were opened
};

// Throws usage when an encrypted volume needs a key that was not given, invalid_input when no key
// opens it, unsupported for a disk without a system or with several, external for the rest.
GuestSystem open_guest(GuestfishSession& session, const OpenGuestOptions& options);

// The content of a file; nullopt: no regular file, or longer than that.
std::optional<std::string> find_guest_text(GuestfishSession& session, const std::string& path,
                                           std::uint64_t max_bytes);
// Empty when there is none.
std::string read_guest_os_release(GuestfishSession& session);

// ---- pure parts

// "/dev/sda1: ext4" on each line; what has another form is left out.
std::vector<std::pair<std::string, std::string>> parse_filesystems(std::string_view text);
// "/boot: /dev/sda1" on each line, the shortest place first.
std::vector<std::pair<std::string, std::string>> parse_mountpoints(std::string_view text);
std::vector<std::string> parse_lines(std::string_view text);
// Of what a stranger's disk says: one printable line of at most 200 bytes.
std::string plain_answer(std::string_view text);

}  // namespace imagebuilder
