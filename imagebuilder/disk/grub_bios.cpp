// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/grub_bios.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "imagebuilder/disk/gpt.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kBootCode = 440;  // what boot.img may use of the MBR
// Offsets in boot.img and in core.img's first sector (GRUB 2, grub-core/boot/i386/pc).
constexpr std::size_t kKernelSector = 0x5c;
constexpr std::size_t kDriveCheckJump = 0x66;
constexpr std::size_t kBlockList = 0x1f4;
constexpr unsigned kCoreSegment = 0x820;  // where the rest of core.img is loaded

fs::path module_dir() {
    const char* chosen = std::getenv("MUSTER_GRUB_DIR");
    const fs::path dir = chosen != nullptr ? chosen : "/usr/lib/grub/i386-pc";
    if (!fs::exists(dir / "boot.img")) {
        throw Error(ErrorKind::environment,
                    fmt::format("GRUB's BIOS files are not in '{}'", dir.string()),
                    "apt-get install grub-pc-bin");
    }
    return dir;
}

template <typename T>
void patch(std::string& bytes, std::size_t at, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes.at(at + i) = static_cast<char>(value >> (8 * i) & 0xffU);
    }
}

std::string grub_module_of(const RootKind& root) {
    return root.filesystem == "ext4" ? "ext2" : root.filesystem;
}

std::string make_core(const GrubOptions& options) {
    const fs::path early = options.work_dir / "grub-early.cfg";
    const fs::path core = options.work_dir / "grub-core.img";
    const base::ScopeExit remove_both([&] {
        base::remove_all(early);
        base::remove_all(core);
    });
    base::write_file(early, fmt::format("search.fs_uuid {} root\nset prefix=($root)/boot/grub\n",
                                        options.filesystem_uuid));
    base::Command command;
    command.argv = {"grub-mkimage",
                    "-O",
                    "i386-pc",
                    "-d",
                    module_dir().string(),
                    "-c",
                    early.string(),
                    "-p",
                    "/boot/grub",
                    "-o",
                    core.string(),
                    "biosdisk",
                    "part_gpt",
                    grub_module_of(options.root),
                    "search_fs_uuid",
                    "normal",
                    "linux",
                    "configfile",
                    "serial",
                    "terminal",
                    "echo",
                    "ls",
                    "cat",
                    "reboot"};
    if (options.root.lvm) {
        command.argv.emplace_back("lvm");
    }
    try {
        base::run_checked(command);
    } catch (base::Error& error) {
        if (error.kind() == ErrorKind::environment) {
            error.set_hint("apt-get install grub-common grub-pc-bin");
        }
        throw;
    }
    return base::read_file(core);
}

}  // namespace

void install_grub(int fd, const std::string& image_name, const GrubOptions& options) {
    std::string core = make_core(options);
    std::string boot = base::read_file(module_dir() / "boot.img");
    const std::uint64_t core_sectors = (core.size() + kSector - 1) / kSector;
    if (boot.size() != kSector || core.size() <= kSector || core_sectors > options.core_sectors) {
        throw Error(ErrorKind::environment, "the GRUB of this host does not fit its partition",
                    "this builder knows GRUB 2.06; is 'grub-pc-bin' of that kind?");
    }
    patch(boot, kKernelSector, options.core_first_sector);
    patch(boot, kDriveCheckJump, std::uint16_t{0x9090});  // two nops: trust the BIOS's drive number
    // One block list entry: everything after the first sector follows it on the disk.
    patch(core, kBlockList, options.core_first_sector + 1);
    patch(core, kBlockList + 8, static_cast<std::uint16_t>(core_sectors - 1));
    patch(core, kBlockList + 10, static_cast<std::uint16_t>(kCoreSegment));
    base::pwrite_all(fd, base::as_bytes(std::string_view(boot).substr(0, kBootCode)), 0,
                     image_name);
    base::pwrite_all(fd, base::as_bytes(core), options.core_first_sector * kSector, image_name);
}

std::string make_grub_config(const BootEntry& entry) {
    return fmt::format(
        "set timeout=0\n"
        "set default=0\n"
        "menuentry '{}' {{\n"
        "    linux {} {}\n"
        "    initrd {}\n"
        "}}\n",
        entry.title, entry.kernel, entry.command_line, entry.initrd);
}

}  // namespace imagebuilder
