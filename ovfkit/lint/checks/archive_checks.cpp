// SPDX-License-Identifier: Apache-2.0
// PKG-0xx: the archive and its members.
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "ovfkit/lint/checks/checks.h"
#include "ovfkit/package/look_ahead.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit::lint {

namespace {

constexpr std::array kArchiveRules{
    Rule{
        "PKG-001", "the package cannot be read", everywhere(kError),
        "It is damaged, no package at all, or holds what no importer should touch: links, devices, "
        "names that leave the folder.",
        "Get it from its maker again, or package it anew.", "DSP0243 5.3; import duties 1"},
    Rule{"PKG-002", "the package does not hold what it says", everywhere(kError),
         "A digest, a signature or a reference does not fit: importers that check refuse it.",
         "Package it anew: muster pack, then muster verify.", "DSP0243 5.1, 5.2, 7.1"},
    Rule{"PKG-003", "the descriptor is not the first member",
         everywhere(kWarning).with(kVmware, kError).with(kMuster, kNote),
         "ovftool and Workstation refuse the package; nobody can import it from a stream.",
         "Put the .ovf first.", "DSP0243 5.3; field: OVF must be first in the tar"},
    Rule{"PKG-004", "the archive has pax headers", everywhere(kNote).with(kVmware, kWarning),
         "Python 3.8 and later write one before each member; ovftool finds no descriptor behind "
         "it.",
         "Write ustar: tar --format=ustar, tarfile.USTAR_FORMAT.",
         "DSP0243 5.3; image-builder#509, open-vmdk --tar-format"},
    Rule{"PKG-005", "the archive is of GNU tar's format", everywhere(kNote),
         "The standard asks for ustar; importers read both.", "tar --format=ustar", "DSP0243 5.3"},
    Rule{"PKG-006", "the archive is of the format of old tar", everywhere(kWarning),
         "There is no magic by which it could be recognised.", "tar --format=ustar", "DSP0243 5.3"},
    Rule{"PKG-007", "names are longer than ustar can hold", everywhere(kWarning),
         "Importers that read plain ustar see a cut name.", "Use names of up to 100 characters.",
         "DSP0243 5.3, POSIX ustar"},
    Rule{"PKG-008", "a member has 8 GiB or more", everywhere(kNote).with(kVmware, kWarning),
         "Its size does not fit into ustar's field; older importers read another one.",
         "Use a chunk size, or leave it for late importers.", "POSIX ustar; XO#3468"},
    Rule{"PKG-009", "an owner's name has a blank in it", everywhere(kNote).with(kVirtV2v, kError),
         "virt-v2v reads the listing of tar column by column and stops.",
         "tar --owner=root --group=root", "virt-v2v input/OVA.ml; field: owners with spaces"},
    Rule{"PKG-010", "files of macOS's archiver are in the package",
         everywhere(kWarning).with(kVirtV2v | kVmware, kError),
         "'._shop.ovf' counts as a second descriptor; others are not in the manifest.",
         "COPYFILE_DISABLE=1 tar …", "field: macOS ._* members"},
    Rule{"PKG-011", "folders are members of the package", everywhere(kNote).with(kVmware, kWarning),
         "A package holds files only.", "Name the files for tar, not their folder.", "DSP0243 5.3"},
    Rule{"PKG-012", "data follow the end of the archive", everywhere(kWarning),
         "No digest covers them.", "Cut the file off, or package it anew.", "POSIX ustar"},
    Rule{"PKG-013", "members are not in the order of the References",
         everywhere(kNote).with(kVmware, kWarning),
         "Importers that stream upload them in that order and would have to wait.",
         "Package in the order of the References.", "DSP0243 5.3"},
    Rule{"PKG-014", "manifest or certificate stand between the files",
         everywhere(kNote).with(kVmware, kWarning),
         "They come after the descriptor, or at the end.", "Move them.", "DSP0243 5.3"},
    Rule{"PKG-015", "a member is not referred to", everywhere(kWarning),
         "It is not deployed, and ovftool warns of it.", "Remove it, or add a File.",
         "DSP0243 7.1"},
    Rule{"PKG-016", "a size in the References is wrong", everywhere(kWarning).with(kVmware, kError),
         "vSphere ends the upload early or waits for more.", "Correct ovf:size.", "DSP0243 7.1"},
    Rule{"PKG-017", "a file is there in chunks only",
         only(kVirtualBox | kProxmox | kOracleVm, kError).with(kVirtV2v, kWarning),
         "They look for the whole file; some versions of virt-v2v take the last chunk for a "
         "snapshot.",
         "Package without a chunk size.", "DSP0243 7.1; RHBZ#1570407"},
    Rule{"PKG-018", "a member stands in a folder",
         everywhere(kWarning).with(kProxmox, kError).with(kMuster, kNote),
         "Importers look beside the descriptor.", "Put all files at the top.", "DSP0243 5.3"},
    Rule{"PKG-019", "there is another remark about the package", everywhere(kNote),
         "See its words.", "Nothing has to be done.", "muster verify"},
    Rule{"PKG-020", "the package is compressed",
         everywhere(kError).with(kVirtV2v | kMuster, Level::off),
         "The standard knows plain tar archives only; disks are compressed in themselves.",
         "Unpack it: gunzip, unxz or unzstd.", "DSP0243 5.3; virt-v2v input/OVA.ml"},
    Rule{"PKG-021", "a chunk is not of the size that the References say",
         everywhere(kWarning).with(kVmware, kError), "Importers count bytes by it.",
         "Correct ovf:chunkSize.", "DSP0243 7.1"},
};

std::string_view rule_of(const PackageFinding& finding) {
    static const std::map<std::string_view, std::string_view> kMeanings{
        {"descriptor_not_first", "PKG-003"},
        {"archiver_litter", "PKG-010"},
        {"folder_entry", "PKG-011"},
        {"trailing_data", "PKG-012"},
        {"unreferenced_file", "PKG-015"},
        {"size_differs", "PKG-016"},
        {"chunk_size_differs", "PKG-021"},
        {"no_manifest", "MF-001"},
        {"weak_digest", "MF-007"},
        {"manifest_line", "MF-013"},
        {"weak_key", "SIG-005"},
        {"ignored_signature", "SIG-008"}};
    if (finding.code == "weak_digest" && finding.text.starts_with("the signature")) {
        return "SIG-004";
    }
    const auto found = kMeanings.find(finding.code);
    return found == kMeanings.end() ? "PKG-019" : found->second;
}

void check_tar(const TarShape& tar, Findings& findings) {
    if (tar.pax_headers > 0) {
        findings.add("PKG-004", fmt::format("there are {} pax headers, the first before '{}'",
                                            tar.pax_headers, tar.first_extended));
    }
    if (tar.gnu_headers > 0) {
        findings.add("PKG-005", fmt::format("{} members are of GNU tar's format", tar.gnu_headers));
    }
    if (tar.old_headers > 0) {
        findings.add("PKG-006",
                     fmt::format("{} members are of the format of old tar", tar.old_headers));
    }
    if (tar.gnu_long_names > 0) {
        findings.add("PKG-007", fmt::format("there are {} long names, the first that of '{}'",
                                            tar.gnu_long_names, tar.first_extended));
    }
    if (tar.binary_sizes > 0) {
        findings.add("PKG-008", fmt::format("{} members have 8 GiB or more", tar.binary_sizes));
    }
    if (tar.blank_owners > 0) {
        findings.add("PKG-009", fmt::format("{} members have an owner with a blank in its name",
                                            tar.blank_owners));
    }
}

bool is_text(const PackageReport& report, std::string_view name) {
    return name == report.descriptor_name || name == report.manifest.name ||
           name == report.signature.name;
}

void check_order(const PackageView& package, Findings& findings) {
    const auto& members = package.report.members;
    bool seen_data = false;
    bool data_after_text = false;
    std::string_view text;
    for (const PackageMember& member : members) {
        if (member.name == package.report.descriptor_name) {
            continue;
        }
        if (is_text(package.report, member.name)) {
            text = seen_data ? std::string_view(member.name) : text;
        } else {
            seen_data = true;
            data_after_text = data_after_text || !text.empty();
        }
        if (member.name.find('/') != std::string::npos) {
            findings.add("PKG-018", fmt::format("the member '{}' stands in a folder", member.name));
        }
    }
    if (data_after_text) {
        findings.add("PKG-014", fmt::format("'{}' stands between the files", text));
    }
}

// The place of the first member that holds the href, or npos.
std::size_t place_of(const PackageView& package, std::string_view href, bool& chunked) {
    while (href.starts_with("./")) {
        href.remove_prefix(2);
    }
    const auto& members = package.report.members;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i].name == href) {
            return i;
        }
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i].name == fmt::format("{}.000000000", href)) {
            chunked = true;
            return i;
        }
    }
    return std::string::npos;
}

void check_files(const PackageView& package, Findings& findings) {
    std::size_t last = 0;
    for (const xml::Element* file : package.descriptor->files) {
        const std::string_view href = attribute_of(*file, "href");
        bool chunked = false;
        const std::size_t place = place_of(package, href, chunked);
        if (place == std::string::npos) {
            continue;  // a failure of the package
        }
        if (chunked) {
            findings.add("PKG-017", fmt::format("'{}' is there in chunks only", href));
        }
        if (place < last) {
            findings.add(
                "PKG-013",
                fmt::format("'{}' comes before files that the References name first", href));
        }
        last = std::max(last, place);
    }
}

}  // namespace

Rules archive_rules() {
    return kArchiveRules;
}

void check_archive(const PackageView& package, Findings& findings) {
    for (const std::string& failure : package.report.failures) {
        findings.add("PKG-002", failure);
    }
    for (const PackageFinding& finding : package.report.findings) {
        // MF-012 and SIG-002 look themselves.
        if (finding.code != "manifest_name" && finding.code != "certificate_expired") {
            findings.add(rule_of(finding), finding.text);
        }
    }
    check_tar(package.report.tar, findings);
    check_order(package, findings);
    if (package.descriptor != nullptr) {
        check_files(package, findings);
    }
}

}  // namespace ovfkit::lint
