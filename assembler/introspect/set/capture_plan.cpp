// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/set/capture_plan.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/printable.h"

namespace assembler {

namespace {

using base::Error;
using base::ErrorKind;

constexpr std::array<std::string_view, 5> kDeviceTags{
    "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=", "/dev/"};
// Before every ordinary service, which may read it. Keys of ssh take long: they are for ssh alone.
constexpr const char* kCertificateUnit =
    "[Unit]\n"
    "Description=Make the self-signed certificate that the captured machine had\n"
    "ConditionPathExists=!/etc/ssl/private/ssl-cert-snakeoil.key\n"
    "DefaultDependencies=no\n"
    "After=local-fs.target systemd-tmpfiles-setup.service\n"
    "Before=basic.target shutdown.target\n"
    "Conflicts=shutdown.target\n"
    "\n"
    "[Service]\n"
    "Type=oneshot\n"
    "ExecStart=make-ssl-cert generate-default-snakeoil --force-overwrite\n"
    "\n"
    "[Install]\n"
    "WantedBy=basic.target\n";
constexpr const char* kCertificate = "/etc/systemd/system/muster-certificate.service";
constexpr const char* kCertificateWanted =
    "/etc/systemd/system/basic.target.wants/muster-certificate.service";

bool has(const MachineFacts& machine, std::string_view package) {
    return std::any_of(machine.packages.begin(), machine.packages.end(),
                       [&](const PackageFact& one) { return one.name == package; });
}

bool has_option(const MountFact& mount, std::string_view option) {
    const std::string all = "," + mount.options + ",";
    return all.find(fmt::format(",{},", option)) != std::string::npos;
}

class CapturePlanner {
  public:
    CapturePlanner(const MachineFacts& machine, const SetMember& member, bool keep_identity)
        : machine_(machine), member_(member), keep_identity_(keep_identity) {}

    CapturePlan run(const MachineOutput& output) {
        require_supported();
        plan_.changes.kernel_version = machine_.os.kernel;
        add_edits(output);
        for (const MountFact& mount : machine_.mounts) {
            add_mount(mount);
        }
        plan_.changes.removed.emplace_back("/etc/crypttab");  // nothing is encrypted any more
        plan_.uefi = plan_.uefi || machine_.hardware.firmware == "uefi";
        plan_.grow = has(machine_, "fdisk") && has(machine_, "e2fsprogs");
        if (!keep_identity_) {
            add_identities();
        }
        for (const Remark& remark : machine_.remarks) {
            if (remark.evidence.file.empty()) {  // of its disk
                plan_.notes.push_back(remark.text);
            }
        }
        return std::move(plan_);
    }

  private:
    [[noreturn]] void refuse(const std::string& why, const std::string& hint) const {
        throw Error(ErrorKind::unsupported, fmt::format("machine '{}' {}", machine_.name, why),
                    hint);
    }

    void require_supported() const {
        const OperatingSystem& os = machine_.os;
        if (!os.architecture.empty() && os.architecture != "amd64") {
            refuse(fmt::format("is for {}", base::printable(os.architecture)),
                   "only machines for amd64 are captured");
        }
        if (os.init != "systemd") {
            refuse(fmt::format("starts by {}",
                               os.init.empty() ? "something unknown" : base::printable(os.init)),
                   "muster-guest, which gives it its new addresses, needs systemd");
        }
        if (os.kernel.empty()) {
            refuse("has no kernel in /boot",
                   "its own kernel boots a machine: install one; a container's tree has none");
        }
    }

    void add_edits(const MachineOutput& output) {
        for (const TreeEdit& edit : output.edits) {
            switch (edit.kind) {
                case TreeEdit::Kind::remove: plan_.changes.removed.push_back(edit.path); break;
                case TreeEdit::Kind::write:
                    plan_.changes.files.push_back(
                        {edit.path, edit.content, edit.permissions, edit.owner});
                    break;
                case TreeEdit::Kind::link:
                    plan_.changes.links.emplace_back(edit.path, edit.content);
                    break;
            }
        }
    }

    // Partitions of the disk are one file system now; what comes over the network stays.
    void add_mount(const MountFact& mount) {
        const bool device =
            std::any_of(kDeviceTags.begin(), kDeviceTags.end(),
                        [&](std::string_view tag) { return mount.device.starts_with(tag); });
        if (mount.point == "/boot/efi" || mount.point == "/efi") {
            plan_.uefi = true;
            return;
        }
        if (mount.point == "/" || (device && mount.type == "swap")) {
            return;
        }
        const bool later = has_option(mount, "noauto");
        if (device && is_read(mount.point, later)) {
            return;
        }
        if (device && !later && !has_option(mount, "nofail")) {
            refuse(
                fmt::format("has '{}' on {} ({}), which was not read", base::printable(mount.point),
                            base::printable(mount.device), base::printable(mount.type)),
                "only ext2, ext3 and ext4 on the disks that were given are: copy it there, or "
                "mount "
                "the machine's file systems and give that folder");
        }
        plan_.other_mounts +=
            fmt::format("{} {} {} {} 0 0\n", mount.device, mount.point, mount.type,
                        mount.options.empty() ? "defaults" : mount.options);
    }

    // What a folder or a tar has of it is not known, but they are made with all that is mounted.
    bool is_read(const std::string& point, bool later) const {
        return (member_.from.disks.empty() && !later) ||
               std::find(member_.mounted.begin(), member_.mounted.end(), point) !=
                   member_.mounted.end();
    }

    // What sealing takes out and services need comes anew at the first boot.
    void add_identities() {
        if (has(machine_, "openssh-server")) {
            plan_.firstboot.emplace_back("ssh-keygen -A");
        }
        if (has(machine_, "ssl-cert")) {
            plan_.changes.removed.emplace_back("/etc/ssl/private/ssl-cert-snakeoil.key");
            plan_.changes.removed.emplace_back("/etc/ssl/certs/ssl-cert-snakeoil.pem");
            plan_.changes.files.push_back({kCertificate, kCertificateUnit});
            plan_.changes.links.emplace_back(kCertificateWanted, kCertificate);
        }
    }

    const MachineFacts& machine_;
    const SetMember& member_;
    bool keep_identity_;
    CapturePlan plan_;
};

}  // namespace

CapturePlan plan_capture(const MachineFacts& machine, const SetMember& member,
                         const MachineOutput& output, bool keep_identity) {
    return CapturePlanner(machine, member, keep_identity).run(output);
}

}  // namespace assembler
