// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/install/installer.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "imagebuilder/disk/cpio.h"
#include "imagebuilder/install/iso_files.h"
#include "imagebuilder/recipe_actions.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using Kind = InstallSpec::Kind;

// How each installer is booted and told its answers.
struct InstallerKind {
    Kind kind;
    const char* key;
    const char* kernel;  // on its CDs
    const char* initrd;
    const char* arguments;
    const char* file;  // of the answers, in the initrd; empty: on a CD of their own
};
constexpr std::array kInstallerKinds{
    InstallerKind{Kind::preseed, "preseed", "/install.amd/vmlinuz", "/install.amd/initrd.gz",
                  "auto=true priority=critical preseed/file=/preseed.cfg "
                  "debian-installer/exit/poweroff=true",
                  "preseed.cfg"},
    InstallerKind{Kind::kickstart, "kickstart", "/images/pxeboot/vmlinuz",
                  "/images/pxeboot/initrd.img", "inst.ks=file:/ks.cfg inst.text", "ks.cfg"},
    InstallerKind{Kind::autoinstall, "autoinstall", "/casper/vmlinuz", "/casper/initrd",
                  "autoinstall", ""}};
constexpr std::uint64_t kLargestAnswers = base::kMiB;

const InstallerKind& kind_of_installer(Kind kind) {
    for (const InstallerKind& installer : kInstallerKinds) {
        if (installer.kind == kind) {
            return installer;
        }
    }
    base::unreachable("an installer of no kind");
}

std::string read_answers(const InstallSpec& install, const fs::path& folder) {
    const fs::path file = (folder / install.answers).lexically_normal();
    if (!fs::is_regular_file(file)) {
        throw Error(ErrorKind::not_found,
                    fmt::format("there is no {} file '{}'", kind_of_installer(install.kind).key,
                                file.string()),
                    "the path begins at the recipe's folder");
    }
    return base::read_file(file, kLargestAnswers);
}

std::uint64_t parse_size(const base::YamlNode& node, std::uint64_t least) {
    const std::uint64_t bytes =
        base::in_context(node.where(), [&] { return base::parse_byte_size(node.as_string()); });
    if (bytes < least || bytes > 2048 * base::kGiB) {
        node.fail(fmt::format("the size must be between {} and {}", base::format_byte_size(least),
                              base::format_byte_size(2048 * base::kGiB)));
    }
    return bytes / base::kMiB * base::kMiB;
}

// "45 min", "2 h", "600 s".
std::chrono::seconds parse_limit(const base::YamlNode& node) {
    const std::string text = node.as_string();
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
    const unsigned factor = unit == "s" ? 1U : unit == "min" ? 60U : unit == "h" ? 3600U : 0U;
    if (error != std::errc() || factor == 0 || number == 0 || number > 86400 / factor) {
        node.fail(fmt::format("'{}' is not a time limit", text),
                  "for example '45 min'; a day at most");
    }
    return std::chrono::seconds(number * factor);
}

}  // namespace

InstallMachine plan_installation(const InstallSpec& install, const std::string& answers) {
    const InstallerKind& kind = kind_of_installer(install.kind);
    InstallMachine machine;
    machine.command_line = fmt::format("console=ttyS0 {}", kind.arguments);
    for (const std::string& argument : install.kernel_arguments) {
        machine.command_line += " " + argument;
    }
    if (*kind.file == '\0') {
        machine.answers_label = "CIDATA";
        machine.answers = {{"user-data", answers}, {"meta-data", "instance-id: install\n"}};
    }
    machine.disk_bytes = install.disk_bytes;
    machine.memory_bytes = install.memory_bytes;
    machine.timeout = install.timeout;
    return machine;
}

std::string initrd_with_answers(const InstallSpec& install, std::string initrd,
                                const std::string& answers) {
    const InstallerKind& kind = kind_of_installer(install.kind);
    if (*kind.file == '\0') {
        return initrd;
    }
    // The kernel unpacks one archive after the other; each begins at a multiple of 4.
    initrd.resize((initrd.size() + 3) / 4 * 4);
    CpioWriter cpio;
    cpio.add_file(kind.file, answers, 0600);
    return initrd + cpio.finish();
}

void add_to_key(const InstallSpec& install, const fs::path& folder, InputKey& key) {
    const InstallerKind& kind = kind_of_installer(install.kind);
    key.add("installer", kind.key);
    key.add("answers", read_answers(install, folder));
    key.add("kernel", install.kernel);
    key.add("initrd", install.initrd);
    key.add_list("installer's arguments", install.kernel_arguments);
    key.add("installer's disk", std::to_string(install.disk_bytes));
}

void install_from_iso(const InstallSpec& install, const fs::path& folder, const fs::path& iso,
                      const fs::path& work_dir, const fs::path& disk, const RunInstaller& run) {
    if (!run) {
        throw Error(ErrorKind::unsupported, "installers are run by 'muster build' only",
                    "build the recipe once by 'muster build': its base is then in the cache");
    }
    const InstallerKind& kind = kind_of_installer(install.kind);
    const std::string answers = read_answers(install, folder);
    InstallMachine machine = plan_installation(install, answers);
    machine.name = iso.filename().string();
    machine.iso = iso;
    machine.disk = disk;
    machine.kernel = work_dir / "installer.vmlinuz";
    machine.initrd = work_dir / "installer.initrd";
    base::write_file(machine.kernel,
                     read_iso_file(iso, install.kernel.empty() ? kind.kernel : install.kernel));
    base::write_file(
        machine.initrd,
        initrd_with_answers(
            install, read_iso_file(iso, install.initrd.empty() ? kind.initrd : install.initrd),
            answers));
    run(machine);
    base::remove_all(machine.kernel);
    base::remove_all(machine.initrd);
}

InstallSpec parse_install(const base::YamlNode& node) {
    base::YamlKeys keys(node, "install");
    InstallSpec install;
    for (const InstallerKind& kind : kInstallerKinds) {
        if (const auto answers = keys.find(kind.key)) {
            if (!install.answers.empty()) {
                answers->fail("an installer takes its answers from one file");
            }
            install.kind = kind.kind;
            install.answers = answers->as_string();
            if (install.answers.empty()) {
                answers->fail(fmt::format("'{}' names no file", kind.key));
            }
        }
    }
    if (install.answers.empty()) {
        node.fail("an installation that nobody attends needs its answers",
                  "write 'preseed: FILE', 'kickstart: FILE' or 'autoinstall: FILE'");
    }
    if (const auto kernel = keys.find("kernel")) {
        install.kernel = kernel->as_string();
    }
    if (const auto initrd = keys.find("initrd")) {
        install.initrd = initrd->as_string();
    }
    if (const auto arguments = keys.find("kernel_arguments")) {
        install.kernel_arguments = texts_of(*arguments);
    }
    if (const auto disk = keys.find("disk")) {
        install.disk_bytes = parse_size(*disk, 64 * base::kMiB);
    }
    if (const auto memory = keys.find("memory")) {
        install.memory_bytes = parse_size(*memory, 64 * base::kMiB);
    }
    if (const auto timeout = keys.find("timeout")) {
        install.timeout = parse_limit(*timeout);
    }
    keys.finish();
    return install;
}

}  // namespace imagebuilder
