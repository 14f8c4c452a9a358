// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/disk_source.h"

#include <algorithm>
#include <iterator>

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

struct OpenDisks {
    std::vector<imagebuilder::DiskFile> disks;
    std::vector<Remark> remarks;       // on those that are left out
    std::optional<base::Error> first;  // of those
};

// What cannot be opened is left out: another disk may have the system.
OpenDisks disks_that_open(const std::vector<imagebuilder::DiskFile>& disks) {
    OpenDisks open;
    for (const imagebuilder::DiskFile& disk : disks) {
        try {
            imagebuilder::open_disk_file(disk);
            open.disks.push_back(disk);
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::not_found &&
                error.kind() != base::ErrorKind::unsupported) {
                throw;
            }
            open.remarks.push_back({fmt::format("a disk is not read: {}", error.message()), {}});
            open.first = open.first ? open.first : error;
        }
    }
    return open;
}

IntrospectedMachine read_disks(OpenDisks open, const IntrospectOptions& options,
                               const AlsoRead& also) {
    if (open.disks.empty()) {
        throw base::Error(*open.first);
    }
    const std::string text =
        imagebuilder::with_disk_tree(open.disks, {}, [&](const imagebuilder::DiskTree& tree) {
            IntrospectedMachine machine = introspect_files(tree, options, also);
            for (const std::string& note : tree.contents().notes) {
                machine.facts.remarks.push_back({note, {}});
            }
            return machine_text(machine);
        });
    IntrospectedMachine machine =
        base::in_context(fmt::format("facts of '{}'", imagebuilder::names_of(open.disks)),
                         [&] { return parse_machine_text(text); });
    std::move(open.remarks.begin(), open.remarks.end(), std::back_inserter(machine.facts.remarks));
    machine.from.disks = std::move(open.disks);
    return machine;
}

// A system of RPM says its packages to libguestfs only.
IntrospectedMachine with_listed_packages(IntrospectedMachine machine,
                                         const IntrospectOptions& options,
                                         const SourceOptions& source) {
    const bool has_rpm =
        std::any_of(machine.facts.remarks.begin(), machine.facts.remarks.end(),
                    [](const Remark& remark) { return remark.text == introspect::kRpmRemark; });
    if (!has_rpm || !source.guestfish) {
        return machine;
    }
    try {
        return introspect_by_guestfish(machine.from.disks, options, source);
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

IntrospectedMachine introspect_disks(const std::vector<imagebuilder::DiskFile>& disks,
                                     const IntrospectOptions& options,
                                     const SourceOptions& source) {
    base::md5_hex("");  // OpenSSL reads its configuration at first use, which the child may not
    if (disks.empty()) {
        throw base::Error(base::ErrorKind::not_found, "the machine has no disks");
    }
    if (source.only_guestfish) {
        return introspect_by_guestfish(disks, options, source);
    }
    const OpenDisks open = disks_that_open(disks);
    try {
        return with_listed_packages(read_disks(open, options, source.also), options, source);
    } catch (base::Error& error) {
        const auto is_read_there = [](const base::Error& why) {
            return why.hint() == imagebuilder::kReadByLibguestfs;
        };
        if ((error.kind() != base::ErrorKind::not_found &&
             error.kind() != base::ErrorKind::unsupported) ||
            (!is_read_there(error) && !(open.first && is_read_there(*open.first)))) {
            throw;
        }
        if (source.guestfish) {
            return introspect_by_guestfish(disks, options, source);
        }
        error.set_hint("libguestfs reads it: apt-get install guestfish libguestfs-xfs");
        throw;
    }
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
