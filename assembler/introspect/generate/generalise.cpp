// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/generate/generalise.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "assembler/introspect/generate/guest_config_of_facts.h"
#include "base/error.h"

namespace assembler {

namespace {

constexpr const char* kInterfaces =
    "# Written when the machine was generalised: muster-guest gives addresses through networkd.\n"
    "auto lo\n"
    "iface lo inet loopback\n";
constexpr const char* kNoCloudNetwork = "network: { config: disabled }\n";
constexpr const char* kUnits = "/lib/systemd/system/";
constexpr const char* kWanted = "/etc/systemd/system/";

bool is_enabled(const MachineFacts& machine, std::string_view unit) {
    return std::any_of(
        machine.services.begin(), machine.services.end(),
        [&](const ServiceFact& service) { return service.unit == unit && service.enabled; });
}

bool has_package(const MachineFacts& machine, std::string_view name) {
    return std::any_of(machine.packages.begin(), machine.packages.end(),
                       [&](const PackageFact& package) { return package.name == name; });
}

class Generaliser {
  public:
    explicit Generaliser(const MachineFacts& machine) : machine_(machine) {}

    std::vector<TreeEdit> run(const std::string& guest_config, bool secret) {
        for (const InterfaceFact& interface : machine_.interfaces) {
            if (interface.name != "lo") {
                give_way(interface);
            }
        }
        remove("/etc/udev/rules.d/70-persistent-net.rules", "names of the old network cards");
        if (has_package(machine_, "cloud-init")) {
            write("/etc/cloud/cloud.cfg.d/99-muster-network.cfg", kNoCloudNetwork, 0644,
                  "muster-guest configures the network, cloud-init must not");
        }
        if (!is_enabled(machine_, "NetworkManager.service")) {
            enable_networkd();
        }
        if (!guest_config.empty()) {
            write(kIntrospectedConfig, guest_config, secret ? 0600 : 0644,
                  "what muster-guest puts into the machine's files");
        }
        return std::move(edits_);
    }

  private:
    // Every file that says something about one interface by its old name or address.
    void give_way(const InterfaceFact& interface) {
        const std::string& file = interface.evidence.file;
        const std::string why =
            fmt::format("old configuration of {}{}", interface.name,
                        interface.addresses.empty() ? "" : ", " + interface.addresses.front());
        if (file == "/etc/network/interfaces") {
            write(file, kInterfaces, 0644, why);
        } else if (file.starts_with("/etc/network/interfaces.d/") ||
                   file.starts_with("/etc/systemd/network/") || file.starts_with("/etc/netplan/") ||
                   file.starts_with("/etc/NetworkManager/system-connections/") ||
                   file.starts_with("/etc/sysconfig/network-scripts/")) {
            remove(file, why);
        }
    }

    // As `systemctl enable` would, without running anything of the tree.
    void enable_networkd() {
        const bool systemd = machine_.os.init.empty() || machine_.os.init == "systemd";
        if (!systemd || is_enabled(machine_, "systemd-networkd.service")) {
            return;
        }
        const auto enable = [&](const std::string& name, const std::string& unit) {
            add({.kind = TreeEdit::Kind::link,
                 .path = kWanted + name,
                 .content = kUnits + unit,
                 .why = "muster-guest gives addresses through systemd-networkd"});
        };
        enable("multi-user.target.wants/systemd-networkd.service", "systemd-networkd.service");
        enable("sockets.target.wants/systemd-networkd.socket", "systemd-networkd.socket");
        enable("dbus-org.freedesktop.network1.service", "systemd-networkd.service");
        enable("network-online.target.wants/systemd-networkd-wait-online.service",
               "systemd-networkd-wait-online.service");
    }

    void remove(const std::string& path, const std::string& why) {
        add({.kind = TreeEdit::Kind::remove, .path = path, .why = why});
    }
    void write(const std::string& path, const std::string& content, unsigned permissions,
               const std::string& why) {
        add({.kind = TreeEdit::Kind::write,
             .path = path,
             .content = content,
             .permissions = permissions,
             .why = why});
    }
    void add(TreeEdit edit) {
        if (paths_.insert(edit.path).second) {
            edits_.push_back(std::move(edit));
        }
    }

    const MachineFacts& machine_;
    std::vector<TreeEdit> edits_;
    std::set<std::string> paths_;
};

}  // namespace

std::string_view to_string(TreeEdit::Kind kind) {
    switch (kind) {
        case TreeEdit::Kind::remove: return "remove";
        case TreeEdit::Kind::write: return "write";
        case TreeEdit::Kind::link: return "link";
    }
    base::unreachable("a kind of edit");
}

std::vector<TreeEdit> generalise(const MachineFacts& machine, const std::string& guest_config,
                                 bool secret) {
    return Generaliser(machine).run(guest_config, secret);
}

}  // namespace assembler
