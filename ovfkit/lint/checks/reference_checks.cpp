// SPDX-License-Identifier: Apache-2.0
// OVF-2xx: the files of the References, as the descriptor names them.
#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include <fmt/format.h>

#include "ovfkit/lint/checks/checks.h"

#include "base/letter_case.h"

namespace ovfkit::lint {

namespace {

constexpr std::array kReferenceRules{
    Rule{"OVF-201", "an href leaves the package", everywhere(kError),
         "An absolute path, a drive or '..' names a file of the importing host; careful importers "
         "refuse the whole package.",
         "Name a file beside the descriptor.", "DSP0243 7.1; CVE-2021-21972"},
    Rule{"OVF-202", "an href is a URL", everywhere(kError).with(kVcenter, kWarning),
         "Few importers fetch what a package names, and none can check it before.",
         "Put the file into the package.", "DSP0243 7.1; import duties: no fetching"},
    Rule{"OVF-203", "an href names a file in a folder",
         everywhere(kNote).with(kProxmox, kError).with(kVmware | kOracleVm, kWarning),
         "Proxmox refuses every name with a slash; others drop the folder or look for it outside.",
         "Put all files beside the descriptor.", "pve-storage GuestImport/OVF.pm"},
    Rule{"OVF-204", "an href has characters that importers refuse",
         everywhere(kNote).with(kProxmox, kError).with(kEsxi | kVcenter, kWarning),
         "Proxmox allows letters, digits and -.+=_ only; blanks and brackets break manifests.",
         "Rename the file with letters, digits, '-', '_' and '.'.",
         "pve-storage SAFE_CHAR; field: file names with (1) or '='"},
    Rule{"OVF-205", "an href looks like a pattern",
         everywhere(kWarning).with(kVcenter | kEsxi, kError),
         "govmomi matches hrefs as patterns: '*' takes the first member.",
         "Rename the file without *, ? and [.", "govmomi, import history"},
    Rule{"OVF-206", "two hrefs differ in upper and lower case only", everywhere(kWarning),
         "On file systems that ignore case they are one file.", "Rename one of them.",
         "import duties 1"},
    Rule{"OVF-207", "a file has no size", only(kVmware, kNote),
         "ovftool and the vSphere client show no progress and cannot check the space beforehand.",
         "Add ovf:size, in bytes.", "DSP0243 7.1"},
    Rule{"OVF-208", "a file is compressed with gzip",
         everywhere(kNote).with(kProxmox | kOracleVm, kError).with(kMuster, Level::off),
         "Proxmox passes the compressed bytes on as a disk; virt-v2v unpacks the whole package "
         "to disk first.",
         "Store streamOptimized disks, which are compressed already, as they are.",
         "DSP0243 7.1; virt-v2v input/OVA.ml, pve-storage"},
    Rule{"OVF-209", "a file is split into chunks",
         everywhere(kError).with(kVmware | kMuster, Level::off).with(kVirtV2v, kWarning),
         "Only ovftool, late versions of virt-v2v and muster join them; others look for the whole "
         "name.",
         "Package without a chunk size.", "DSP0243 7.1; RHBZ#1570407"},
    Rule{"OVF-210", "a file is not used", everywhere(kNote).with(kVmware, kWarning),
         "Nothing refers to it; vSphere uploads it all the same or refuses the package.",
         "Remove the File and the file.", "field: leftover disks of exports"},
    Rule{"OVF-211", "the id of a file has characters that Proxmox refuses", only(kProxmox, kError),
         "A disk whose ovf:fileRef is not made of letters, digits and -._~/ is left out.",
         "Rename the id.", "pve-storage GuestImport/OVF.pm"},
    Rule{"OVF-212", "an href is percent-encoded", everywhere(kWarning).with(kMuster, kNote),
         "Some importers decode it, some look for the name as it is written.",
         "Rename the file so that nothing has to be encoded.", "RFC 3986 2.1; import duties 3"},
    Rule{"OVF-213", "the sum of file sizes is more than the importers named can take",
         only(kProxmox | kOracleVm | kVirtV2v, kNote),
         "They unpack to temporary space; 100 GiB are seldom free there.",
         "Make room in the temporary folder of the importing host.",
         "field: XO#3468, oVirt docs, COT#63"},
};

bool has_scheme(std::string_view href) {
    const std::size_t colon = href.find("://");
    return colon != std::string_view::npos && colon > 1 &&
           href.substr(0, colon).find_first_of("/\\.") == std::string_view::npos;
}

bool leaves_package(std::string_view href) {
    const bool drive = href.size() > 1 && href[1] == ':';
    if (href.starts_with('/') || href.starts_with('\\') || drive || href.starts_with("file:")) {
        return true;
    }
    for (std::size_t begin = 0; begin <= href.size();) {
        const std::size_t end = std::min(href.find_first_of("/\\", begin), href.size());
        if (href.substr(begin, end - begin) == "..") {
            return true;
        }
        begin = end + 1;
    }
    return false;
}

bool only_of(std::string_view text, std::string_view extra) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               extra.find(c) != std::string_view::npos;
    });
}

void check_href(const xml::Element& file, std::string_view href, Findings& findings) {
    const auto add = [&](std::string_view rule, std::string_view what) {
        findings.add(rule, file.place, fmt::format("the href '{}' {}", href, what));
    };
    if (has_scheme(href) && !href.starts_with("file:")) {
        add("OVF-202", "is a URL");
        return;
    }
    if (leaves_package(href)) {
        add("OVF-201", "leaves the package");
        return;
    }
    while (href.starts_with("./")) {
        href.remove_prefix(2);
    }
    if (href.find('/') != std::string_view::npos) {
        add("OVF-203", "names a file in a folder");
    }
    if (href.find_first_of("*?[") != std::string_view::npos) {
        add("OVF-205", "looks like a pattern");
    } else if (href.find('%') != std::string_view::npos) {
        add("OVF-212", "is percent-encoded");
    } else if (!only_of(href, "-.+=_/")) {
        add("OVF-204", "has characters that importers refuse");
    }
}

void check_file(const xml::Element& file, Findings& findings) {
    const std::string_view id = attribute_of(file, "id");
    check_href(file, attribute_of(file, "href"), findings);
    if (!file.find_attribute("size")) {
        findings.add("OVF-207", file.place, fmt::format("file '{}' has no size", id));
    }
    if (base::to_lower(attribute_of(file, "compression")) == "gzip") {
        findings.add("OVF-208", file.place, fmt::format("file '{}' is compressed with gzip", id));
    }
    if (number_of(attribute_of(file, "chunkSize")).value_or(0) > 0) {
        findings.add("OVF-209", file.place,
                     fmt::format("file '{}' is split into chunks of {} bytes", id,
                                 attribute_of(file, "chunkSize")));
    }
    if (!only_of(id, "-._~/")) {
        findings.add("OVF-211", file.place,
                     fmt::format("the id '{}' of a file has characters that Proxmox refuses", id));
    }
}

using Ids = std::set<std::string_view>;

// Takes from `unused` what an attribute or text of the element names: attributes called fileRef,
// texts "ovf:/file/ID", and the sections of ours and others that name files in their own way.
void remove_used(const xml::Element& element, Ids& unused) {
    if (unused.empty()) {
        return;
    }
    if (element.local_name != "File") {
        for (const xml::Attribute& attribute : element.attributes) {
            unused.erase(attribute.value);
        }
        const std::string_view text = element.trimmed_text();
        const auto resource = resource_of(text);
        unused.erase(resource ? resource->id : text);
    }
    for (const xml::Element& child : element.children) {
        remove_used(child, unused);
    }
}

}  // namespace

Rules reference_rules() {
    return kReferenceRules;
}

void check_references(const DescriptorView& view, Findings& findings) {
    constexpr std::uint64_t kMuch = 100ULL << 30U;
    Ids unused;
    for (const xml::Element* file : view.files) {
        unused.insert(attribute_of(*file, "id"));
    }
    remove_used(view.root, unused);
    std::map<std::string, std::string_view> folded;
    std::uint64_t total = 0;
    for (const xml::Element* file : view.files) {
        const std::string_view id = attribute_of(*file, "id");
        const std::string_view href = attribute_of(*file, "href");
        check_file(*file, findings);
        total += std::min(number_of(attribute_of(*file, "size")).value_or(0), kMuch);
        if (!id.empty() && unused.contains(id)) {
            findings.add("OVF-210", file->place, fmt::format("nothing uses the file '{}'", id));
        }
        const auto [other, fresh] = folded.emplace(base::to_lower(href), href);
        if (!fresh && other->second != href) {
            findings.add(
                "OVF-206", file->place,
                fmt::format("the hrefs '{}' and '{}' differ in case only", other->second, href));
        }
    }
    if (total >= kMuch) {
        findings.add("OVF-213", view.root.place, "the files have 100 GiB or more in all");
    }
}

}  // namespace ovfkit::lint
