// SPDX-License-Identifier: Apache-2.0
// What a disk holds that we do not read ourselves, by libguestfs: its files as a tar, for whoever
// reads them in a locked-down child, and what the library itself knows of its system: packages of
// RPM, and of a Windows what is in its registry. Nothing is changed. Where the library cannot read
// an RPM database, the system's own rpm does, in the small machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "imagebuilder/guestfs/open_guest.h"
#include "imagebuilder/guestfs/windows_registry.h"
#include "ovfkit/disk/disk_reader.h"

namespace imagebuilder {

// Disks as qemu may be given them: raw and qcow2 as they are (ovfkit has refused what leads to
// other files), all others as raw copies that last as long as this.
class GuestDrives {
  public:
    // `format`: else what the first bytes say. Throws what opening disks throws.
    void add(const std::filesystem::path& disk,
             std::optional<ovfkit::DiskFormat> format = std::nullopt);
    const std::vector<GuestDrive>& drives() const { return drives_; }

  private:
    std::optional<base::TempDir> copies_;
    std::vector<GuestDrive> drives_;
};

struct GuestReadOptions {
    std::vector<GuestDrive> drives;
    std::vector<GuestKey> keys;
    GuestfishSettings guestfish;
    // What makes the tar of a Linux: for sh in the machine of libguestfs, which is no part of the
    // disk. $MUSTER_ROOT is where the files are. At most 256 MiB, else this throws invalid_input.
    std::string script;
};

// As the library lists it; each a printable line.
struct GuestApplication {
    std::string name;
    std::string display_name;
    std::string epoch;  // "0": none
    std::string version;
    std::string release;
    std::string architecture;
};

struct GuestReading {
    GuestSystem system;
    std::string hostname;
    std::string version;                         // "10.0"
    std::string tar;                             // of a Linux
    std::vector<std::string> kernels;            // of a Linux: "6.1.0-9" of /boot/vmlinuz-6.1.0-9
    std::vector<GuestApplication> applications;  // of RPM and of Windows
    std::vector<WindowsService> services;        // of Windows
};

// Throws what open_guest() throws.
GuestReading read_guest(const GuestReadOptions& options);

// The whole system as a tar, without devices, to a file or to a FIFO that somebody reads meanwhile.
// Returns its os-release.
std::string write_guest_tar(const GuestReadOptions& options, const std::filesystem::path& to);

// ---- pure parts

// "[0] = {\n  app2_name: bash\n …": what is no such text is left out; at most 20000.
std::vector<GuestApplication> parse_applications(std::string_view text);
// "bash\t0\t5.2\t1\tx86_64" on each line, as we have rpm print them.
std::vector<GuestApplication> parse_rpm_list(std::string_view text);

}  // namespace imagebuilder
