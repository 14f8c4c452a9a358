// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/validate_envelope.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "ovfkit/descriptor/envelope_queries.h"
#include "ovfkit/descriptor/validate/section_checks.h"
#include "ovfkit/descriptor/validate/system_checks.h"

namespace ovfkit {

namespace {

// The second one of the same name is the finding.
class Once {
  public:
    Once(Findings& findings, std::string code) : findings_(findings), code_(std::move(code)) {}
    void see(const std::string& value, Place place, std::string_view what) {
        if (!value.empty() && !seen_.insert(value).second) {
            findings_.error(place, code_, fmt::format("{} '{}' stands twice", what, value));
        }
    }

  private:
    Findings& findings_;
    std::string code_;
    std::set<std::string> seen_;
};

void check_files(const Envelope& envelope, Findings& findings) {
    Once ids(findings, "duplicate-id");
    Once hrefs(findings, "duplicate-href");
    for (const FileReference& file : envelope.files) {
        ids.see(file.id, file.place, "the file id");
        hrefs.see(file.href, file.place, "the href");
        if (!file.compression.empty() && file.compression != "gzip" &&
            file.compression != "identity") {
            findings.add(Severity::unsupported, file.place, "unknown-compression",
                         fmt::format("file '{}' has the unknown compression '{}'", file.id,
                                     file.compression));
        }
    }
}

void check_disk(const Envelope& envelope, const Disk& disk, Findings& findings) {
    const auto error = [&](std::string code, std::string text) {
        findings.error(disk.place, std::move(code), std::move(text));
    };
    if (!disk.file_ref.empty() && find_file(envelope, disk.file_ref) == nullptr) {
        error("unknown-file",
              fmt::format("disk '{}' refers to unknown file '{}'", disk.id, disk.file_ref));
    }
    // Required in OVF 0.9 only; the content tells the format anyhow.
    if (!disk.file_ref.empty() && disk.format.empty()) {
        findings.add(envelope.version == "0.9" ? Severity::error : Severity::warning, disk.place,
                     "missing-format", fmt::format("disk '{}' has a file and no format", disk.id));
    }
    const bool has_size = disk.capacity_property.empty();
    if (has_size && disk.populated_bytes && *disk.populated_bytes > disk.capacity_bytes) {
        error("populated-over-capacity",
              fmt::format("disk '{}' is populated with {} bytes, more than its capacity of {}",
                          disk.id, *disk.populated_bytes, disk.capacity_bytes));
    }
    if (has_size && disk.capacity_bytes == 0) {
        error("no-capacity", fmt::format("disk '{}' has a capacity of 0", disk.id));
    }
}

// What VMware's importer of OVF 0.9 demands: it takes the files as they come.
void check_disk_order(const Envelope& envelope, Findings& findings) {
    std::ptrdiff_t last = -1;
    for (const Disk& disk : envelope.disks) {
        const FileReference* file = find_file(envelope, disk.file_ref);
        if (file == nullptr) {
            continue;
        }
        const std::ptrdiff_t position = file - envelope.files.data();
        if (position < last) {
            findings.error(disk.place, "disk-order",
                           fmt::format("disk '{}' stands after one whose file comes later, which "
                                       "OVF 0.9 does not allow",
                                       disk.id));
        }
        last = std::max(last, position);
    }
}

void check_disks(const Envelope& envelope, Findings& findings) {
    if (envelope.version == "0.9") {
        check_disk_order(envelope, findings);
    }
    Once ids(findings, "duplicate-id");
    // From OVF 1.0 on several disks may begin with the same content.
    Once files(findings, "shared-file");
    for (const Disk& disk : envelope.disks) {
        ids.see(disk.id, disk.place, "the disk id");
        if (envelope.version == "0.9") {
            files.see(disk.file_ref, disk.place, "as the content of a disk, the file");
        }
        check_disk(envelope, disk, findings);
        // Following parents more often than there are disks means going round in circles.
        const Disk* ancestor = &disk;
        for (std::size_t step = 0; ancestor != nullptr && !ancestor->parent_ref.empty(); ++step) {
            if (step > envelope.disks.size()) {
                findings.error(disk.place, "parent-cycle",
                               fmt::format("disk '{}' is its own ancestor", disk.id));
                break;
            }
            const Disk* parent = find_disk(envelope, ancestor->parent_ref);
            if (parent == nullptr && ancestor == &disk) {
                findings.error(disk.place, "unknown-disk",
                               fmt::format("disk '{}' refers to unknown parent disk '{}'", disk.id,
                                           disk.parent_ref));
            }
            ancestor = parent;
        }
    }
}

void check_names(const Envelope& envelope, Findings& findings) {
    Once networks(findings, "duplicate-id");
    for (const Network& network : envelope.networks) {
        networks.see(network.name, network.place, "the network");
    }
    Once configurations(findings, "duplicate-id");
    bool has_default = false;
    for (const DeploymentConfiguration& one : envelope.configurations) {
        configurations.see(one.id, one.place, "the configuration");
        if (one.is_default && has_default) {
            findings.error(one.place, "second-default",
                           fmt::format("configuration '{}' is a second default", one.id));
        }
        has_default = has_default || one.is_default;
    }
    Once systems(findings, "duplicate-id");
    for (const VirtualSystem* system : all_systems(envelope)) {
        systems.see(system->id, system->place, "the virtual system");
    }
    for (const VirtualSystemCollection* collection : all_collections(envelope)) {
        systems.see(collection->id, collection->place, "the collection");
    }
}

void check_startup(const VirtualSystemCollection& collection, Findings& findings) {
    std::set<std::string> members;
    for (const Content& member : collection.members) {
        members.insert(std::visit([](const auto& one) { return one.id; }, member));
    }
    Once ids(findings, "duplicate-id");
    for (const StartupItem& item : collection.startup) {
        ids.see(item.id, item.place, "in a StartupSection, the system");
        if (!item.id.empty() && !members.contains(item.id)) {
            findings.error(item.place, "unknown-system",
                           fmt::format("the StartupSection of '{}' names unknown system '{}'",
                                       collection.id, item.id));
        }
    }
}

void check_assembly(const Envelope& envelope, const AssemblySection& assembly, Findings& findings) {
    for (const Publish& publish : assembly.publish) {
        if (find_system(envelope, publish.machine) == nullptr) {
            findings.error(
                assembly.place, "unknown-system",
                fmt::format("a port of unknown machine '{}' is published", publish.machine));
        }
        if (publish.port == 0 || publish.host_port == 0) {
            findings.error(assembly.place, "bad-port",
                           fmt::format("port 0 of machine '{}' is published", publish.machine));
        }
    }
    for (const std::string& network : assembly.isolated_networks) {
        if (find_network(envelope, network) == nullptr) {
            findings.error(assembly.place, "unknown-network",
                           fmt::format("unknown network '{}' is isolated", network));
        }
    }
}

}  // namespace

Diagnostics validate_envelope(const Envelope& envelope) {
    Findings findings;
    check_files(envelope, findings);
    check_disks(envelope, findings);
    check_names(envelope, findings);
    if (!envelope.content) {
        findings.error({}, "no-content", "the envelope describes no virtual system");
    }
    check_small_sections(envelope, findings);
    for (const VirtualSystem* system : all_systems(envelope)) {
        check_system(envelope, *system, findings);
        if (system->assembly) {
            check_assembly(envelope, *system->assembly, findings);
        }
    }
    for (const VirtualSystemCollection* collection : all_collections(envelope)) {
        check_startup(*collection, findings);
        check_products(envelope, collection->id, collection->products, findings);
        if (collection->assembly) {
            check_assembly(envelope, *collection->assembly, findings);
        }
    }
    return std::move(findings.diagnostics);
}

}  // namespace ovfkit
