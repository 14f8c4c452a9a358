// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/guestfs/read_guest.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/random.h"
#include "imagebuilder/image_store.h"
#include "imagebuilder/work_dir.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kMostTarBytes = std::uint64_t{256} << 20U;
constexpr std::size_t kMostApplications = 20000;
constexpr const char* kRpmFields = "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\n";

void make_sparse(const fs::path& file, std::uint64_t bytes) {
    const base::UniqueFd fd = base::open_file(file.string(), O_RDWR | O_CREAT | O_EXCL, 0600);
    if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
        throw base::SystemError(errno, fmt::format("cannot size '{}'", file.string()));
    }
}

std::uint64_t scratch_bytes() {
    std::array<std::byte, 2> random{};
    base::random_bytes(random);
    const auto sectors =
        std::to_integer<std::uint64_t>(random[0]) << 8U | std::to_integer<std::uint64_t>(random[1]);
    return kMostTarBytes + 512 * (1 + sectors);
}

// What was written to it from its beginning on, without a gap.
std::string read_written(const fs::path& file) {
    const base::UniqueFd fd = base::open_regular(file.string());
    const off_t end = ::lseek(fd.get(), 0, SEEK_HOLE);
    if (end < 0 || static_cast<std::uint64_t>(end) >= kMostTarBytes) {
        throw Error(ErrorKind::invalid_input,
                    "the configuration of the system in the disk is longer than 256 MiB");
    }
    std::string text(static_cast<std::size_t>(end), '\0');
    // SAFETY: char seen as std::byte.
    base::pread_exactly(
        fd.get(), std::span<std::byte>(reinterpret_cast<std::byte*>(text.data()), text.size()), 0,
        file.string());
    return text;
}

// Names of devices are the library's own in its commands and the kernel's in the machine: there the
// scratch drive is known by its size, which nobody guesses.
std::string run_reading_script(GuestfishSession& session, const std::string& script,
                               const fs::path& scratch) {
    constexpr std::uint64_t kSector = 512;
    const std::string whole = fmt::format(
        "for disk in /sys/block/*; do\n"
        "    [ \"$(cat $disk/size)\" != {} ] || scratch=/dev/${{disk##*/}}\ndone\n"
        "[ -b \"$scratch\" ] || {{ echo 'no scratch drive' >&2; exit 1; }}\n"
        "export MUSTER_ROOT=/sysroot\n(\n{}\n) >$scratch 2>/dev/null\nsync",
        base::file_size(scratch) / kSector, script);
    session.run({"debug", "sh", guestfish_item(whole)});
    session.run({"sync"});
    return read_written(scratch);
}

std::vector<std::string> list_kernels(GuestfishSession& session) {
    constexpr std::string_view kPrefix = "/boot/vmlinuz-";
    constexpr std::size_t kMostKernels = 100;
    std::vector<std::string> kernels;
    const std::string listed =
        session.find({"glob-expand", std::string(kPrefix) + "*"}).value_or("");
    for (const std::string& line : parse_lines(listed)) {
        const std::string path = plain_answer(line);
        if (path.starts_with(kPrefix) && kernels.size() < kMostKernels) {
            kernels.push_back(path.substr(kPrefix.size()));
        }
    }
    return kernels;
}

// By the library where its own librpm is set up for such a database; else by the guest's rpm. What
// it writes (a database that is opened is locked) goes into the drive's overlay.
std::vector<GuestApplication> list_rpm_packages(GuestfishSession& session,
                                                const std::string& root) {
    std::vector<GuestApplication> listed =
        parse_applications(session.find({"inspect-list-applications2", root}).value_or(""));
    if (!listed.empty()) {
        return listed;
    }
    session.find({"remount", "/", "rw:true"});
    for (const char* folder : {"/usr/lib/sysimage/rpm", "/var/lib/rpm"}) {
        for (const char* file : {"/rpmdb.sqlite", "/Packages.db", "/Packages"}) {
            const auto there = session.find({"is-file", std::string(folder) + file});
            if (there && there->starts_with("true")) {
                return parse_rpm_list(
                    session
                        .find({"command",
                               fmt::format("rpm --dbpath {} -qa --qf {}", folder, kRpmFields)})
                        .value_or(""));
            }
        }
    }
    return {};
}

OpenGuestOptions opening(const GuestReadOptions& options) {
    return {.drives = options.drives, .keys = options.keys, .scratch = {}};
}

}  // namespace

void GuestDrives::add(const fs::path& disk, std::optional<ovfkit::DiskFormat> format) {
    const ovfkit::DiskFormat kind = ovfkit::open_disk(disk.string(), format)->format();
    if (kind == ovfkit::DiskFormat::raw || kind == ovfkit::DiskFormat::qcow2) {
        drives_.push_back({fs::absolute(disk), std::string(ovfkit::to_string(kind))});
        return;
    }
    if (!copies_) {
        copies_.emplace(scratch_dir());
    }
    const fs::path raw = copies_->path() / fmt::format("disk{}.raw", drives_.size());
    write_disk_as(disk, kind, raw, ovfkit::DiskForm::raw);
    drives_.push_back({raw, "raw"});
}

std::vector<GuestApplication> parse_applications(std::string_view text) {
    std::vector<GuestApplication> applications;
    for (const std::string& line : parse_lines(text)) {
        if (line.starts_with('[') && applications.size() < kMostApplications) {
            applications.emplace_back();
        }
        const std::size_t colon = line.find(": ");
        if (!line.starts_with("  app2_") || colon == std::string::npos || applications.empty()) {
            continue;
        }
        GuestApplication& now = applications.back();
        const std::string_view field = std::string_view(line).substr(7, colon - 7);
        const std::string value = plain_answer(std::string_view(line).substr(colon + 2));
        if (field == "name") {
            now.name = value;
        } else if (field == "display_name") {
            now.display_name = value;
        } else if (field == "epoch") {
            now.epoch = value;
        } else if (field == "version") {
            now.version = value;
        } else if (field == "release") {
            now.release = value;
        } else if (field == "arch") {
            now.architecture = value;
        }
    }
    std::erase_if(applications, [](const GuestApplication& app) { return app.name.empty(); });
    return applications;
}

std::vector<GuestApplication> parse_rpm_list(std::string_view text) {
    std::vector<GuestApplication> applications;
    for (const std::string& line : parse_lines(text)) {
        std::vector<std::string> fields;
        std::string_view left = line;
        for (;;) {
            const std::size_t tab = std::min(left.find('\t'), left.size());
            fields.push_back(plain_answer(left.substr(0, tab)));
            if (tab == left.size()) {
                break;
            }
            left.remove_prefix(tab + 1);
        }
        constexpr std::size_t kFields = 5;
        // Keys that signed packages are kept as packages too.
        if (fields.size() == kFields && !fields[0].empty() && fields[0] != "gpg-pubkey" &&
            applications.size() < kMostApplications) {
            applications.push_back({.name = fields[0],
                                    .display_name = {},
                                    .epoch = fields[1],
                                    .version = fields[2],
                                    .release = fields[3],
                                    .architecture = fields[4]});
        }
    }
    return applications;
}

GuestReading read_guest(const GuestReadOptions& options) {
    const base::TempDir folder;
    GuestfishSession session(options.guestfish);
    OpenGuestOptions open = opening(options);
    open.scratch = folder.path() / "tar";
    make_sparse(open.scratch, scratch_bytes());
    GuestReading reading;
    reading.system = open_guest(session, open);
    const std::string& root = reading.system.root;
    const auto ask = [&](const char* what) {
        return plain_answer(session.find({what, root}).value_or(""));
    };
    reading.hostname = ask("inspect-get-hostname");
    reading.version = ask("inspect-get-major-version") + "." + ask("inspect-get-minor-version");
    const std::string packages = ask("inspect-get-package-format");
    const bool is_windows = reading.system.type == "windows";
    if (is_windows) {
        reading.applications =
            parse_applications(session.find({"inspect-list-applications2", root}).value_or(""));
        reading.services = read_windows_services(session, root);
    } else {
        reading.tar = run_reading_script(session, options.script, open.scratch);
        reading.kernels = list_kernels(session);
    }
    if (packages == "rpm") {
        reading.applications = list_rpm_packages(session, root);
    }
    session.close();
    return reading;
}

std::string write_guest_tar(const GuestReadOptions& options, const fs::path& to) {
    GuestfishSession session(options.guestfish);
    open_guest(session, opening(options));
    std::string release = read_guest_os_release(session);
    session.run(
        {"tar-out", "/", to.string(), "numericowner:true", "xattrs:true", "excludes:./dev/*"});
    session.close();
    return release;
}

}  // namespace imagebuilder
