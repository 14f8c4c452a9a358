// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/qemu_args.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/crypto/digest.h"
#include "base/json.h"

namespace hvruntime {

namespace {

using Args = std::vector<std::string>;
using base::Json;

// In QEMU's key=value lists a comma inside a value is doubled.
std::string escaped(const std::filesystem::path& path) {
    std::string text;
    for (const char c : path.string()) {
        text += c;
        if (c == ',') {
            text += c;
        }
    }
    return text;
}

void append(Args& args, std::initializer_list<std::string> more) {
    args.insert(args.end(), more);
}

void add_machine(Args& args, const MachineSpec& spec, Accel accel) {
    const std::uint64_t memory_mib = (spec.memory_bytes + base::kMiB - 1) / base::kMiB;
    append(args, {"-name", qemu_name_argument(spec.id), "-uuid", make_machine_uuid(spec.id)});
    append(args, {"-nodefaults", "-no-user-config", "-display", "none"});
    append(args,
           {"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"});
    append(args, {"-machine",
                  fmt::format(
                      "q35,usb=off,vmport=off,dump-guest-core=off{}",
                      spec.firmware == Firmware::efi ? ",pflash0=efi-code,pflash1=efi-vars" : "")});
    if (accel == Accel::kvm) {
        append(args, {"-accel", "kvm", "-cpu", "host"});
    } else {
        append(args, {"-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max"});
    }
    append(args, {"-smp", fmt::format("cpus={}", spec.cpus)});
    append(args, {"-m", fmt::format("size={}M", memory_mib)});
    // A guest that reboots goes on in the same process; one that panics ends with a status that
    // tells.
    append(args, {"-action", "reboot=reset,shutdown=poweroff,panic=exit-failure"});
    append(args, {"-rtc", "base=utc", "-boot", "strict=on", "-msg", "timestamp=on"});
}

std::string socket_chardev(std::string_view id, const std::filesystem::path& path) {
    return fmt::format("socket,id={},path={},server=on,wait=off", id, escaped(path));
}

void add_control(Args& args, const MachinePaths& paths) {
    append(args, {"-chardev", qemu_control_argument(paths)});
    append(args, {"-mon", "chardev=qmp,mode=control"});
    append(args, {"-chardev", qemu_console_argument(paths)});
    append(args, {"-serial", "chardev:console"});
    append(args, {"-device", "virtio-serial-pci,id=vserial"});
    append(args, {"-chardev", socket_chardev("guest", paths.guest_socket())});
    append(args, {"-device", "virtserialport,bus=vserial.0,chardev=guest,name=org.muster.guest.0"});
    append(args, {"-object", "rng-random,id=rng0,filename=/dev/urandom"});
    append(args, {"-device", "virtio-rng-pci,rng=rng0"});
    append(args, {"-device", "pvpanic-pci"});
}

void add_blockdev(Args& args, const Json& node) {
    append(args, {"-blockdev", base::to_json_text(node)});
}

// A flash chip: its file, and raw on top of it.
void add_flash(Args& args, const std::string& node, const std::filesystem::path& file,
               bool read_only) {
    add_blockdev(args, Json{{"driver", "file"},
                            {"node-name", node + "-file"},
                            {"filename", file.string()},
                            {"read-only", read_only}});
    add_blockdev(args, Json{{"driver", "raw"},
                            {"node-name", node},
                            {"file", node + "-file"},
                            {"read-only", read_only}});
}

// The nodes of one disk, bottom up: base file, raw on top of it, overlay file, qcow2.
void add_overlay_nodes(Args& args, const MachineDisk& disk, const MachinePaths& paths) {
    const std::string node = disk.id;
    Json overlay{{"driver", "qcow2"},      {"node-name", node},
                 {"file", node + "-file"}, {"backing", nullptr},
                 {"discard", "unmap"},     {"cache", Json{{"direct", false}, {"no-flush", false}}}};
    if (!disk.base.empty()) {
        add_blockdev(args, Json{{"driver", "file"},
                                {"node-name", node + "-base-file"},
                                {"filename", disk.base.string()},
                                {"read-only", true}});
        add_blockdev(args, Json{{"driver", "raw"},
                                {"node-name", node + "-base"},
                                {"file", node + "-base-file"},
                                {"read-only", true}});
        overlay["backing"] = node + "-base";
    }
    add_blockdev(args, Json{{"driver", "file"},
                            {"node-name", node + "-file"},
                            {"filename", paths.overlay(disk.id).string()},
                            {"discard", "unmap"}});
    add_blockdev(args, overlay);
}

// With a kernel given, QEMU itself takes boot index 0.
void add_disks(Args& args, const MachineSpec& spec, const MachinePaths& paths) {
    unsigned ahci_ports = 0;
    bool first = true;
    for (const MachineDisk& disk : spec.disks) {
        add_overlay_nodes(args, disk, paths);
        const std::string common =
            fmt::format("drive={},id=dev-{},serial={},write-cache=on{}", disk.id, disk.id,
                        disk.serial.empty() ? disk.id.substr(0, 20) : disk.serial,
                        first && spec.kernel.empty() ? ",bootindex=0" : "");
        switch (disk.bus) {
            case DiskBus::virtio_blk: append(args, {"-device", "virtio-blk-pci," + common}); break;
            case DiskBus::virtio_scsi:
                append(args, {"-device", "scsi-hd,bus=scsi0.0," + common});
                break;
            case DiskBus::sata:
            case DiskBus::ide:
                append(args,
                       {"-device", fmt::format("ide-hd,bus=ide.{},{}", ahci_ports++, common)});
                break;
        }
        first = false;
    }
}

void add_cdrom(Args& args, const std::string& node, const std::filesystem::path& file) {
    add_blockdev(args, Json{{"driver", "file"},
                            {"node-name", node + "-file"},
                            {"filename", file.string()},
                            {"read-only", true}});
    add_blockdev(
        args,
        Json{
            {"driver", "raw"}, {"node-name", node}, {"file", node + "-file"}, {"read-only", true}});
    append(args, {"-device", fmt::format("scsi-cd,bus=scsi0.0,drive={0},id=dev-{0}", node)});
}

std::string_view device_of(NicModel model) {
    return model == NicModel::virtio ? "virtio-net-pci" : to_string(model);
}

void add_nics(Args& args, const MachineSpec& spec, const MachinePaths& paths) {
    for (std::size_t i = 0; i < spec.nics.size(); ++i) {
        const MachineNic& nic = spec.nics[i];
        const auto local = nic.local_socket.empty() ? paths.nic_socket(i) : nic.local_socket;
        append(args, {"-netdev", fmt::format("dgram,id=net{},local.type=unix,local.path={},"
                                             "remote.type=unix,remote.path={}",
                                             i, escaped(local), escaped(nic.switch_socket))});
        append(args, {"-device", fmt::format("{},netdev=net{},id=nic{},mac={},romfile=",
                                             device_of(nic.model), i, i, nic.mac)});
    }
}

}  // namespace

std::string qemu_name_argument(const std::string& id) {
    return fmt::format("guest={},process=muster-{},debug-threads=on", id, id);
}

std::string qemu_control_argument(const MachinePaths& paths) {
    return socket_chardev("qmp", paths.qmp_socket());
}

std::string qemu_console_argument(const MachinePaths& paths) {
    return fmt::format("{},logfile={},logappend=on",
                       socket_chardev("console", paths.console_socket()),
                       escaped(paths.console_log()));
}

std::string make_machine_uuid(const std::string& id) {
    std::string hex =
        base::digest_hex(base::DigestAlgorithm::sha256, "machine uuid " + id).substr(0, 32);
    hex[12] = '8';  // RFC 9562 5.8: version 8, contents of our own
    hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) % 4];
    return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                       hex.substr(16, 4), hex.substr(20, 12));
}

std::vector<std::string> qemu_args(const MachineSpec& spec, const MachinePaths& paths, Accel accel,
                                   const std::filesystem::path& efi_code) {
    Args args;
    add_machine(args, spec, accel);
    if (spec.firmware == Firmware::efi) {
        add_flash(args, "efi-code", efi_code, true);
        add_flash(args, "efi-vars", paths.efi_variables(), false);
    }
    add_control(args, paths);
    const bool needs_scsi = spec.config_iso.has_value() || !spec.cdrom.empty() ||
                            std::any_of(spec.disks.begin(), spec.disks.end(), [](const auto& disk) {
                                return disk.bus == DiskBus::virtio_scsi;
                            });
    if (needs_scsi) {
        append(args, {"-device", "virtio-scsi-pci,id=scsi0"});
    }
    add_disks(args, spec, paths);
    if (!spec.cdrom.empty()) {
        add_cdrom(args, "cdrom", spec.cdrom);
    }
    if (spec.config_iso) {
        add_cdrom(args, "config", paths.config_iso());
    }
    add_nics(args, spec, paths);
    if (!spec.kernel.empty()) {
        append(args, {"-kernel", spec.kernel.string()});
        if (!spec.initrd.empty()) {
            append(args, {"-initrd", spec.initrd.string()});
        }
        append(args, {"-append", spec.cmdline});
    }
    return args;
}

}  // namespace hvruntime
