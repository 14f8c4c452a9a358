// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/validate/section_checks.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "ovfkit/descriptor/envelope_queries.h"

namespace ovfkit {

namespace {

void check_bundles(const Envelope& envelope, Findings& findings) {
    for (const MessageBundle& bundle : envelope.message_bundles) {
        if (!bundle.file_ref.empty() && find_file(envelope, bundle.file_ref) == nullptr) {
            findings.error(bundle.place, "unknown-file",
                           fmt::format("the messages for '{}' are in the unknown file '{}'",
                                       bundle.language, bundle.file_ref));
        }
        std::set<std::string_view> ids;
        for (const Message& message : bundle.messages) {
            if (!ids.insert(message.id).second) {
                findings.add(Severity::warning, bundle.place, "duplicate-message",
                             fmt::format("the message '{}' for '{}' stands twice; the first counts",
                                         message.id, bundle.language));
            }
        }
    }
}

// DSP0243 2.1 9.16.
void check_scale_outs(const VirtualSystemCollection& collection, Findings& findings) {
    for (const ScaleOut& one : collection.scale_outs) {
        const bool is_member = std::any_of(
            collection.members.begin(), collection.members.end(), [&](const Content& member) {
                return std::visit([&](const auto& content) { return content.id == one.id; },
                                  member);
            });
        if (!one.id.empty() && !is_member) {
            findings.error(one.place, "unknown-system",
                           fmt::format("the ScaleOutSection names '{}', which is not in '{}'",
                                       one.id, collection.id));
        }
        if (one.initial < one.minimum || one.initial > one.maximum.value_or(one.initial)) {
            findings.error(
                one.place, "bad-count",
                fmt::format("the number of '{}' must be {} <= {} <= {}", one.id, one.minimum,
                            one.initial, one.maximum ? std::to_string(*one.maximum) : "any"));
        }
    }
}

void check_placement(const Envelope& envelope, const std::optional<Placement>& placement,
                     const std::string& owner, Findings& findings) {
    if (!placement || placement->group.empty()) {
        return;
    }
    const bool known =
        std::any_of(envelope.placement_groups.begin(), envelope.placement_groups.end(),
                    [&](const PlacementGroup& group) { return group.id == placement->group; });
    if (!known) {
        findings.error(
            placement->place, "unknown-group",
            fmt::format("'{}' is placed in the unknown group '{}'", owner, placement->group));
    }
}

void check_boot_devices(const VirtualSystem& system, Findings& findings) {
    const auto has_item = [&](const std::string& id) {
        return std::any_of(
            system.hardware.begin(), system.hardware.end(), [&](const HardwareSection& section) {
                return std::any_of(section.items.begin(), section.items.end(),
                                   [&](const auto& item) { return item.instance_id == id; });
            });
    };
    for (const BootConfiguration& one : system.boot_configurations) {
        for (const BootSource& source : one.sources) {
            if (!source.instance_id.empty() && !has_item(source.instance_id)) {
                findings.add(Severity::warning, one.place, "unknown-boot-device",
                             fmt::format("'{}' boots from unknown hardware item '{}'", system.id,
                                         source.instance_id));
            }
        }
    }
}

// Files that nobody needs may stay encrypted.
bool is_needed(const Envelope& envelope, const FileReference& file) {
    if (std::any_of(envelope.disks.begin(), envelope.disks.end(),
                    [&](const Disk& disk) { return disk.file_ref == file.id; })) {
        return true;
    }
    for (const VirtualSystem* system : all_systems(envelope)) {
        for (const HardwareSection& section : system->hardware) {
            for (const HardwareItem& item : section.items) {
                const auto& resources = item.host_resources;
                if (std::any_of(resources.begin(), resources.end(), [&](const std::string& text) {
                        const auto resource = parse_host_resource(text);
                        return resource && !resource->is_disk && resource->id == file.id;
                    })) {
                    return true;
                }
            }
        }
    }
    return false;
}

// DSP0243 2.1 9.20.
void check_encryption(const Envelope& envelope, Findings& findings) {
    for (const EncryptionSection& section : envelope.encryption) {
        for (const FileReference& file : envelope.files) {
            const bool encrypted = std::find(section.hrefs.begin(), section.hrefs.end(),
                                             file.href) != section.hrefs.end();
            if (encrypted && is_needed(envelope, file)) {
                findings.add(
                    Severity::unsupported, file.place, "encrypted-file",
                    fmt::format("file '{}' is encrypted, and muster cannot decrypt", file.href));
            }
        }
    }
}

void check_system_sections(const Envelope& envelope, const VirtualSystem& system,
                           Findings& findings) {
    check_placement(envelope, system.placement, system.id, findings);
    check_boot_devices(system, findings);
    for (const EnvironmentFile& file : system.environment_files) {
        if (!file.file_ref.empty() && find_file(envelope, file.file_ref) == nullptr) {
            findings.error(file.place, "unknown-file",
                           fmt::format("an environment file of '{}' is the unknown file '{}'",
                                       system.id, file.file_ref));
        }
    }
}

}  // namespace

void check_small_sections(const Envelope& envelope, Findings& findings) {
    check_bundles(envelope, findings);
    check_encryption(envelope, findings);
    for (const VirtualSystem* system : all_systems(envelope)) {
        check_system_sections(envelope, *system, findings);
    }
    for (const VirtualSystemCollection* collection : all_collections(envelope)) {
        check_scale_outs(*collection, findings);
        check_placement(envelope, collection->placement, collection->id, findings);
    }
}

}  // namespace ovfkit
