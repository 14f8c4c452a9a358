// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/lint/target.h"

#include "base/error.h"

namespace ovfkit::lint {

std::string_view to_string(Target target) {
    switch (target) {
        case Target::esxi: return "esxi";
        case Target::vcenter: return "vcenter";
        case Target::workstation: return "workstation";
        case Target::virtualbox: return "virtualbox";
        case Target::virt_v2v: return "virt-v2v";
        case Target::proxmox: return "proxmox";
        case Target::oracle_vm: return "oracle-vm";
        case Target::muster: return "muster";
    }
    base::unreachable("lint target");
}

std::optional<Target> find_target(std::string_view name) {
    for (const Target target : kAllTargets) {
        if (to_string(target) == name) {
            return target;
        }
    }
    return std::nullopt;
}

}  // namespace ovfkit::lint
