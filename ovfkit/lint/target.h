// SPDX-License-Identifier: Apache-2.0
// The importers that a package may be meant for. A rule weighs differently for each of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ovfkit::lint {

enum class Target : std::uint8_t {
    esxi,         // a host by itself
    vcenter,      // vCenter and ovftool
    workstation,  // Workstation, Player, Fusion
    virtualbox,
    virt_v2v,
    proxmox,
    oracle_vm,
    muster,
};

inline constexpr std::size_t kTargets = 8;
inline constexpr std::array<Target, kTargets> kAllTargets{
    Target::esxi,     Target::vcenter, Target::workstation, Target::virtualbox,
    Target::virt_v2v, Target::proxmox, Target::oracle_vm,   Target::muster};

std::string_view to_string(Target target);  // "esxi", "virt-v2v"
std::optional<Target> find_target(std::string_view name);

// A set of targets, as a bit for each.
struct TargetSet {
    std::uint8_t bits = 0;

    constexpr bool has(Target target) const {
        return (bits >> static_cast<unsigned>(target) & 1U) != 0;
    }
    constexpr TargetSet operator|(TargetSet other) const {
        return {static_cast<std::uint8_t>(bits | other.bits)};
    }
    constexpr bool empty() const { return bits == 0; }
    bool operator==(const TargetSet&) const = default;
};

constexpr TargetSet set_of(Target target) {
    return {static_cast<std::uint8_t>(1U << static_cast<unsigned>(target))};
}

inline constexpr TargetSet kEsxi = set_of(Target::esxi);
inline constexpr TargetSet kVcenter = set_of(Target::vcenter);
inline constexpr TargetSet kWorkstation = set_of(Target::workstation);
inline constexpr TargetSet kVirtualBox = set_of(Target::virtualbox);
inline constexpr TargetSet kVirtV2v = set_of(Target::virt_v2v);
inline constexpr TargetSet kProxmox = set_of(Target::proxmox);
inline constexpr TargetSet kOracleVm = set_of(Target::oracle_vm);
inline constexpr TargetSet kMuster = set_of(Target::muster);
inline constexpr TargetSet kVmware = kEsxi | kVcenter | kWorkstation;
inline constexpr TargetSet kEveryone{0xff};

}  // namespace ovfkit::lint
