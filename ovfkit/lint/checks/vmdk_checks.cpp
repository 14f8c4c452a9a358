// SPDX-License-Identifier: Apache-2.0
// VMDK-0xx: the disk files, by their first and last bytes.
#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/letter_case.h"
#include "ovfkit/descriptor/units.h"
#include "ovfkit/disk/byte_order.h"
#include "ovfkit/disk/vmdk/sparse_format.h"
#include "ovfkit/lint/checks/checks.h"

namespace ovfkit::lint {

namespace {

using vmdk::kSector;
using vmdk::SparseHeader;

constexpr std::array kVmdkRules{
    Rule{"VMDK-001", "the disk is not a streamOptimized VMDK",
         everywhere(kError).with(kVirtV2v | kProxmox, kWarning),
         "Sparse, flat and delta disks are for hosts, not for packages; some name other files.",
         "Convert it: muster convert OLD.vmdk NEW.vmdk.",
         "DSP0243 5.2; CVE-2022-47951; VMware Virtual Disk Format 5.0"},
    Rule{"VMDK-002", "the disk is not what its format says", everywhere(kError),
         "Importers that believe the descriptor pass the bytes on as a disk of another kind.",
         "Correct ovf:format, or convert the disk.", "import duties 6; CVE-2024-40767"},
    Rule{"VMDK-003", "the VMDK is of version 1", everywhere(kNote).with(kVmware, kError),
         "ESXi refuses streamOptimized disks of that version.",
         "Convert it with qemu-img 2.5.1 or later, or with muster convert.",
         "glennmatthews/cot#65"},
    Rule{"VMDK-004", "the VMDK has no end-of-stream marker",
         everywhere(kNote).with(kVmware, kError),
         "vSphere stops before the last bytes, and then 'the digest does not match the manifest'.",
         "Convert it: muster convert OLD.vmdk NEW.vmdk; qemu-img writes none.",
         "qemu-project/qemu#1357; home-assistant/operating-system#2121"},
    Rule{"VMDK-005", "the VMDK has no footer", everywhere(kNote).with(kVmware, kWarning),
         "Its grain directory is at the front; vSphere reads a stream and wants it at the end.",
         "Convert it: muster convert OLD.vmdk NEW.vmdk.",
         "VMware Virtual Disk Format 5.0; siderolabs/talos#11053"},
    Rule{"VMDK-006", "the VMDK has no ddb.toolsVersion", only(kVmware, kWarning),
         "vSphere does not customise a guest whose disk does not say that it has the tools.",
         "Write ddb.toolsVersion = \"2147483647\" into the disk's descriptor.",
         "vmware/open-vmdk#9"},
    Rule{"VMDK-007", "the capacity of the disk differs from the descriptor",
         everywhere(kError).with(kMuster, kWarning),
         "Oracle VM writes the size of the file; importers make a disk that is too small, or "
         "refuse it.",
         "Write the capacity of the disk's header into ovf:capacity.", "field: XO#6824"},
    Rule{"VMDK-008", "the descriptor of the VMDK is indented", only(kVirtualBox, kError),
         "VirtualBox cannot parse it.", "Write its lines without blanks in front.",
         "field: VirtualBox and indented descriptors"},
    Rule{"VMDK-009", "the VMDK has one grain directory only", only(kVirtualBox | kEsxi, kNote),
         "Both seem to prefer a redundant one as well.", "Nothing, unless the import fails there.",
         "field: Xen Orchestra's writer"},
    Rule{"VMDK-010", "the grains of the VMDK are not of 64 KiB",
         everywhere(kNote).with(kVmware, kError), "vSphere reads grains of 128 sectors only.",
         "Convert it: muster convert.", "VMware Virtual Disk Format 5.0"},
    Rule{"VMDK-011", "the descriptor of the VMDK has no room for more lines",
         only(kVirtualBox, kWarning),
         "On import VirtualBox adds its ddb.uuid lines and overwrites what comes next: the grain "
         "directory.",
         "Leave ten sectors free behind the descriptor.", "field: Xen Orchestra pads 10 sectors"},
    Rule{"VMDK-012", "the descriptor of the VMDK names another kind of disk",
         everywhere(kWarning).with(kVmware, kError),
         "createType says how the extents are to be read.", "Write createType=\"streamOptimized\".",
         "VMware Virtual Disk Format 5.0"},
    Rule{"VMDK-013", "the descriptor of the VMDK names another file",
         everywhere(kNote).with(kVirtualBox, Level::off),
         "Readers that look for the extent by its name do not find a renamed file.",
         "Write the name of the file into the extent's line.", "libyal/libvmdk#34"},
    Rule{"VMDK-014", "the VMDK has no descriptor",
         everywhere(kWarning).with(kVmware | kVirtualBox, kError),
         "Its content id, geometry and adapter are in there.", "Convert it: muster convert.",
         "VMware Virtual Disk Format 5.0"},
    Rule{"VMDK-015", "the VMDK does not end at a sector", everywhere(kWarning),
         "It is cut off, or something was appended.", "Get it again and compare its digest.",
         "field: truncated VMDKs"},
    Rule{"VMDK-016", "the disk is for sectors of 4096 bytes",
         everywhere(kWarning).with(kEsxi | kVcenter, kNote),
         "Machines of other makers show it with sectors of 512 bytes; the partition table is then "
         "in the wrong place.",
         "Make the image for sectors of 512 bytes.", "ddb.logicalSectorSize"},
    Rule{"VMDK-017", "the VMDK is split over several extents or is a delta", everywhere(kError),
         "Its data are in other files, which are not part of the package.",
         "Export a flattened disk.", "CVE-2022-47951; import duties 6"},
};

// "key = value" lines of the text that a VMDK carries.
struct DiskText {
    std::string_view all;

    std::string_view value_of(std::string_view key) const {
        std::string_view rest = all;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            std::string_view line = trimmed(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            const std::size_t equals = line.find('=');
            if (equals != std::string_view::npos && trimmed(line.substr(0, equals)) == key) {
                return trimmed(line.substr(equals + 1));
            }
        }
        return {};
    }
    // The first "RW 1234 SPARSE "name"" line.
    std::string_view extent_name() const {
        for (const std::string_view access : {"RW ", "RDONLY ", "NOACCESS "}) {
            const std::size_t at = all.find(access);
            const std::size_t open = at == std::string_view::npos ? at : all.find('"', at);
            const std::size_t end = at == std::string_view::npos ? at : all.find('\n', at);
            if (open != std::string_view::npos && open < end) {
                return all.substr(open + 1, all.find('"', open + 1) - open - 1);
            }
        }
        return {};
    }
    static std::string_view trimmed(std::string_view text) {
        constexpr std::string_view kBlanks = " \t\r\"";
        const std::size_t begin = text.find_first_not_of(kBlanks);
        return begin == std::string_view::npos
                   ? std::string_view()
                   : text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
    }
};

std::string_view kind_of(std::string_view head) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kMagics{{
        {"KDMV", "a VMDK"},
        {"COWD", "an ESX sparse extent"},
        {"# Disk DescriptorFile", "a VMDK descriptor"},
        {"QFI\xfb", "a qcow2 image"},
        {"conectix", "a VHD image"},
        {"vhdxfile", "a VHDX image"},
        {"\x1f\x8b", "a gzip file"},
    }};
    for (const auto& [magic, kind] : kMagics) {
        if (head.starts_with(magic)) {
            return kind;
        }
    }
    if (head.substr(0, 4096).find("<<< ") != std::string_view::npos &&
        head.substr(0, 128).find("VirtualBox Disk Image") != std::string_view::npos) {
        return "a VDI image";
    }
    return "no disk image that is known";
}

void check_text(const FileEnds& file, const SparseHeader& header, bool is_declared_delta,
                Findings& findings) {
    const std::uint64_t begin = header.descriptor_sector * kSector;
    const std::uint64_t room = header.descriptor_sectors * kSector;
    if (header.descriptor_sector == 0 || begin >= file.head.size()) {
        findings.add("VMDK-014", "the VMDK has no descriptor");
        return;
    }
    std::string_view all = std::string_view(file.head).substr(begin, room);
    all = all.substr(0, all.find('\0'));
    const DiskText text{all};
    if (all.find("\n ") != std::string_view::npos || all.starts_with(' ') ||
        all.find("\n\t") != std::string_view::npos) {
        findings.add("VMDK-008", "the descriptor of the VMDK is indented");
    }
    if (room - std::min<std::uint64_t>(room, all.size()) < 512) {
        findings.add("VMDK-011", fmt::format("the descriptor of the VMDK fills {} of {} bytes",
                                             all.size(), room));
    }
    const std::string_view type = text.value_of("createType");
    if (base::to_lower(type) != "streamoptimized") {
        findings.add("VMDK-012", fmt::format("the createType of the VMDK is '{}'", type));
    }
    const std::string_view extent = text.extent_name();
    if (!extent.empty() && extent != file.name) {
        findings.add("VMDK-013", fmt::format("the descriptor of the VMDK names '{}'", extent));
    }
    if (text.value_of("ddb.toolsVersion").empty()) {
        findings.add("VMDK-006", "the descriptor of the VMDK has no ddb.toolsVersion");
    }
    if (text.value_of("ddb.logicalSectorSize") == "4096") {
        findings.add("VMDK-016", "the disk is for sectors of 4096 bytes");
    }
    const std::string parent = base::to_lower(text.value_of("parentCID"));
    // Of one that the descriptor calls a delta, OVF-303 says who can read it.
    if (!is_declared_delta && ((!parent.empty() && parent != "ffffffff") ||
                               !text.value_of("parentFileNameHint").empty())) {
        findings.add("VMDK-017", "the VMDK is a delta of another disk");
    }
}

void check_tail(const FileEnds& file, const SparseHeader& header, Findings& findings) {
    if (file.size % kSector != 0) {
        findings.add("VMDK-015", fmt::format("the VMDK has {} bytes", file.size));
        return;
    }
    const std::string_view tail = file.tail;
    const std::string_view last = tail.substr(tail.size() - std::min(tail.size(), kSector));
    const bool has_end = last.find_first_not_of('\0') == std::string_view::npos;
    // The footer and its marker come before the end-of-stream marker.
    const bool has_footer = has_end && tail.size() >= 3 * kSector &&
                            tail.substr(tail.size() - 2 * kSector).starts_with("KDMV");
    if (!has_footer && header.directory_sector != vmdk::kDirectoryAtEnd) {
        findings.add("VMDK-005", "the VMDK has its grain directory in front and no footer");
    }
    if (!has_footer) {
        // Zeros at the end of a file without footer are padding, not a marker.
        findings.add("VMDK-004", "the VMDK has no end-of-stream marker");
    }
}

void check_capacity(const PackageView& package, const FileEnds& file, const xml::Element& disk,
                    std::uint64_t capacity, Findings& findings) {
    const auto factor = unit_factor(attribute_of(disk, "capacityAllocationUnits"));
    const auto amount = number_of(attribute_of(disk, "capacity"));
    const auto bytes = factor && amount ? multiply(*amount, *factor) : std::nullopt;
    const bool shown = package.descriptor != nullptr && bytes.has_value();
    // An amount in whole GiB may have been rounded up.
    const bool rounded = shown && *bytes >= capacity && *bytes - capacity < *factor;
    if (shown && *bytes != capacity && !rounded) {
        findings.add("VMDK-007",
                     fmt::format("'{}' has a capacity of {} bytes, the descriptor says {}",
                                 file.name, capacity, *bytes));
    }
}

void check_vmdk(const PackageView& package, const FileEnds& file, const xml::Element& disk,
                Findings& findings) {
    constexpr std::uint64_t kAnyCapacity = 1ULL << 60U;
    const auto head = base::as_bytes(file.head);
    SparseHeader header;
    try {
        header = vmdk::parse_header(head.first(std::min(head.size(), std::size_t{kSector})),
                                    file.name, kAnyCapacity);
    } catch (const base::Error& error) {
        findings.add("VMDK-001", error.message());
        return;
    }
    if (header.version < 3) {
        findings.add("VMDK-003", fmt::format("the VMDK is of version {}", header.version));
    }
    if (header.grain_sectors != 128) {
        findings.add("VMDK-010",
                     fmt::format("the grains of the VMDK are of {} sectors", header.grain_sectors));
    }
    // SAFETY: parse_header() has seen a whole sector.
    if (load_le<std::uint64_t>(head, 48) == 0) {
        findings.add("VMDK-009", "the VMDK has no redundant grain directory");
    }
    check_text(file, header, !attribute_of(disk, "parentRef").empty(), findings);
    check_tail(file, header, findings);
    check_capacity(package, file, disk, header.capacity_bytes(), findings);
}

const FileEnds* find_file(const PackageView& package, std::string_view href) {
    while (href.starts_with("./")) {
        href.remove_prefix(2);
    }
    const auto found = std::find_if(package.files.begin(), package.files.end(),
                                    [&](const auto& file) { return file->name == href; });
    return found == package.files.end() ? nullptr : found->get();
}

void check_disk(const PackageView& package, const xml::Element& disk, Findings& findings) {
    const xml::Element* reference = package.descriptor->find_file(attribute_of(disk, "fileRef"));
    const FileEnds* file =
        reference == nullptr ? nullptr : find_file(package, attribute_of(*reference, "href"));
    if (file == nullptr || !attribute_of(*reference, "compression").empty()) {
        return;  // chunks and compressed files cannot be judged by their ends
    }
    findings.set_file(file->name);
    const bool declared =
        base::to_lower(attribute_of(disk, "format")).find("vmdk") != std::string::npos;
    const std::string_view kind = kind_of(file->head);
    if (kind == "a VMDK" || kind == "an ESX sparse extent" || kind == "a VMDK descriptor") {
        check_vmdk(package, *file, disk, findings);
    } else if (declared) {
        findings.add("VMDK-002",
                     fmt::format("'{}' is said to be a VMDK and is {}", file->name, kind));
    }
}

}  // namespace

Rules vmdk_rules() {
    return kVmdkRules;
}

void check_disk_files(const PackageView& package, Findings& findings) {
    if (package.descriptor == nullptr) {
        return;
    }
    for (const xml::Element* disk : package.descriptor->disks) {
        check_disk(package, *disk, findings);
    }
}

}  // namespace ovfkit::lint
