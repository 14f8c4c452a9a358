// SPDX-License-Identifier: Apache-2.0
// Questions to the hardware of a virtual system: which of its sections counts, which items hold in
// a deployment configuration, how much there is and may be of what, how it boots. The pointers
// returned are into the system that was asked. `configuration`: see envelope_queries.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ovfkit/descriptor/envelope.h"

namespace ovfkit {

// Of several sections the one made for the machines that are most like ours, by its
// VirtualSystemType (DSP0243 8.1 leaves the choice to the deployer): "muster…", then "kvm…" and
// "qemu…", then "vmx-N" with the highest N, then "virtualbox-…", "xen…", then one without a type,
// then any other; the first one where this says nothing. nullptr: the system has no hardware.
const HardwareSection* chosen_hardware(const VirtualSystem& system);

// Leaves every system that has a section of this type (or with this ovf:id) that section alone.
// Throws not_found, naming the types there are, when no system has one.
void choose_hardware(Envelope& envelope, std::string_view type_or_id);

// The items of the chosen section that hold in the configuration: an item with bound min or max is
// a limit, not hardware, and an item for the configuration replaces the one with the same instance
// id for all.
std::vector<const HardwareItem*> items_of(const VirtualSystem& system,
                                          std::string_view configuration);

// 1 and 0 when the descriptor is silent. Errors: units or quantities out of range.
std::uint32_t cpus_of(const VirtualSystem& system, std::string_view configuration);
std::uint64_t memory_bytes_of(const VirtualSystem& system, std::string_view configuration);

// How much the machine gets, and the least and the most it can do with (ovf:bound). DSP0243 8.4.
struct QuantityRange {
    std::uint64_t normal = 0;
    std::optional<std::uint64_t> minimum;
    std::optional<std::uint64_t> maximum;

    bool operator==(const QuantityRange&) const = default;
};
QuantityRange cpu_range_of(const VirtualSystem& system, std::string_view configuration);
QuantityRange memory_range_of(const VirtualSystem& system, std::string_view configuration);

struct Firmware {
    enum class Kind { unspecified, bios, efi };
    Kind kind = Kind::unspecified;
    bool secure_boot = false;
    std::string tpm;  // "2.0", "1.2"; empty: none

    bool operator==(const Firmware&) const = default;
};
// From vmw:Config and vmw:ExtraConfig, a vTPM among the items, and vbox:Machine.
Firmware firmware_of(const VirtualSystem& system);
std::string_view to_string(Firmware::Kind kind);

// muster:Count, else the ScaleOutSection that names the system.
MachineCount count_of(const Envelope& envelope, const VirtualSystem& system);

}  // namespace ovfkit
