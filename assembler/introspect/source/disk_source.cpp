// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/disk_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "assembler/introspect/facts_json.h"
#include "assembler/introspect/source/guest_source.h"
#include "assembler/introspect/system/packages/package_database.h"
#include "assembler/introspect/system/text.h"
#include "base/crypto/md5.h"
#include "base/error.h"
#include "imagebuilder/filetree/disk_tree.h"

namespace assembler {

namespace {

IntrospectedMachine introspect_disk(const DiskCandidate& disk, const IntrospectOptions& options,
                                    const AlsoRead& also) {
    imagebuilder::DiskTreeOptions tree_options;
    tree_options.format = ovfkit::find_disk_format(disk.format);
    const std::string text = imagebuilder::with_disk_tree(
        disk.path, tree_options, [&](const imagebuilder::DiskTree& tree) {
            IntrospectedMachine machine = introspect_files(tree, options, also);
            for (const std::string& note : tree.contents().notes) {
                machine.facts.remarks.push_back({note, {}});
            }
            return machine_text(machine);
        });
    IntrospectedMachine machine = base::in_context(fmt::format("facts of '{}'", disk.path),
                                                   [&] { return parse_machine_text(text); });
    machine.from.disk = disk.path;
    machine.from.format = disk.format;
    return machine;
}

// A system of RPM says its packages to libguestfs only.
IntrospectedMachine with_listed_packages(IntrospectedMachine machine, const DiskCandidate& disk,
                                         const IntrospectOptions& options,
                                         const SourceOptions& source) {
    const bool has_rpm =
        std::any_of(machine.facts.remarks.begin(), machine.facts.remarks.end(),
                    [](const Remark& remark) { return remark.text == introspect::kRpmRemark; });
    if (!has_rpm || !source.guestfish) {
        return machine;
    }
    try {
        return introspect_by_guestfish({disk}, options, source);
    } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::interrupted) {
            throw;
        }
        machine.facts.remarks.push_back(
            {"libguestfs could not list the packages: " + error.message(), {}});
        return machine;
    }
}

}  // namespace

IntrospectedMachine introspect_files(const imagebuilder::FileTree& tree,
                                     const IntrospectOptions& options, const AlsoRead& also) {
    IntrospectedMachine machine{.facts = introspect_tree(tree, options)};
    if (also) {
        machine.also = also(tree, machine.facts);
    }
    return machine;
}

IntrospectedMachine introspect_disks(const std::vector<DiskCandidate>& disks,
                                     const IntrospectOptions& options,
                                     const SourceOptions& source) {
    base::md5_hex("");  // OpenSSL reads its configuration at first use, which the child may not
    if (disks.empty()) {
        throw base::Error(base::ErrorKind::not_found, "the machine has no disks");
    }
    if (source.only_guestfish) {
        return introspect_by_guestfish(disks, options, source);
    }
    std::optional<base::Error> first;
    bool may_be_there = false;  // for somebody who reads it
    for (const DiskCandidate& disk : disks) {
        try {
            return with_listed_packages(introspect_disk(disk, options, source.also), disk, options,
                                        source);
        } catch (const base::Error& error) {
            // Without a system, or with one that is not read: another disk may have it.
            if (error.kind() != base::ErrorKind::not_found &&
                error.kind() != base::ErrorKind::unsupported) {
                throw;
            }
            may_be_there = may_be_there || error.hint() == imagebuilder::kReadByLibguestfs;
            first = first ? first : error;
        }
    }
    if (may_be_there && source.guestfish) {
        return introspect_by_guestfish(disks, options, source);
    }
    if (may_be_there) {
        first->set_hint("libguestfs reads it: apt-get install guestfish libguestfs-xfs");
    }
    throw *first;
}

std::string machine_text(const IntrospectedMachine& machine) {
    const std::string facts = base::to_json_text(to_json(machine.facts));
    return fmt::format("{}\n", facts.size()) + facts + machine.also;
}

IntrospectedMachine parse_machine_text(std::string_view text) {
    const std::size_t end = text.find('\n');
    const auto size = introspect::find_number(text.substr(0, end));
    if (end == std::string_view::npos || !size || *size > text.size() - end - 1) {
        throw base::Error(base::ErrorKind::invalid_input, "the facts are cut off");
    }
    const std::string_view facts = text.substr(end + 1, *size);
    return {.facts = machine_facts_from_json(base::parse_json(facts, "the text")),
            .also = std::string(text.substr(end + 1 + *size))};
}

}  // namespace assembler
