// SPDX-License-Identifier: Apache-2.0
// MF-0xx: the manifest, as others parse it.
#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/letter_case.h"
#include "ovfkit/lint/checks/checks.h"
#include "ovfkit/package/manifest.h"

namespace ovfkit::lint {

namespace {

constexpr std::array kManifestRules{
    Rule{"MF-001", "there is no manifest", everywhere(kWarning),
         "Nothing shows whether the files are complete and unchanged.",
         "Package with a manifest: muster pack.", "DSP0243 5.1"},
    Rule{"MF-002", "there is a blank between algorithm and file name",
         everywhere(kNote).with(kVmware, kError).with(kVirtV2v, kWarning),
         "'SHA256 (f) = …' of sha256sum --tag is refused by ESXi; virt-v2v skips the line and "
         "checks nothing.",
         "Write SHA256(f)= … as openssl does.",
         "home-assistant/operating-system#826; virt-v2v input/OVA.ml"},
    Rule{"MF-003", "the algorithm is named as OpenSSL 3 does",
         everywhere(kNote).with(kVmware, kError).with(kVirtV2v, kWarning),
         "vCenter 8 refuses 'SHA2-256(f)= …'; virt-v2v skips the line and checks nothing.",
         "Write SHA256(f)= …", "home-assistant/operating-system#3654; virt-v2v input/OVA.ml"},
    Rule{"MF-004", "a digest is in upper case", everywhere(kNote).with(kVirtualBox, kWarning),
         "VirtualBox 5.2 compared the letters.", "Write digests in lower case.",
         "VirtualBox ticket 17357"},
    Rule{"MF-005", "lines end in CR LF", everywhere(kNote),
         "Importers cut it off, some older ones do not.", "Write line feeds only.",
         "field: manifests written on Windows"},
    Rule{"MF-006", "there is no single blank before the digest",
         everywhere(kNote).with(kVirtV2v, kWarning),
         "virt-v2v wants ')= ' with one blank, and skips other lines unchecked.",
         "Write SHA256(f)= …", "virt-v2v input/OVA.ml"},
    Rule{"MF-007", "the manifest uses SHA-1",
         everywhere(kWarning).with(kEsxi | kVcenter, kError).with(kProxmox, kNote),
         "SHA-1 can be forged; vSphere 7 and later refuse it.", "Use SHA-256.",
         "OpenCTI#1642, librenms/packer-builds#30; import duties 4"},
    Rule{"MF-008", "the manifest uses SHA-384 or SHA-512",
         everywhere(kNote).with(kVirtV2v, kWarning).with(kMuster, Level::off),
         "virt-v2v knows SHA1 and SHA256 and skips other lines unchecked.", "Use SHA-256.",
         "virt-v2v input/OVA.ml"},
    Rule{"MF-009", "the manifest mixes algorithms", everywhere(kNote).with(kVmware, kWarning),
         "No single importer is known to want it, and some stop at the line they do not know.",
         "Use SHA-256 for all files.", "turnkey#827; govmomi mixed_sha1_sha2"},
    Rule{"MF-010", "a manifest line names a path and no file",
         everywhere(kWarning).with(kVmware, kError),
         "'Invalid OVF manifest entry: .' ends the import.",
         "Write the names as the References do.", "Graylog2/graylog2-images#211, #232"},
    Rule{"MF-011", "a file name in the manifest has brackets or '='",
         everywhere(kWarning).with(kMuster, kNote), "Parsers split the line at the wrong place.",
         "Rename the file.", "govmomi manifest tests"},
    Rule{"MF-012", "the manifest is not named after the descriptor",
         everywhere(kWarning).with(kVmware | kVirtualBox, kError),
         "Importers look for the descriptor's name with .mf and find no manifest.", "Rename it.",
         "DSP0243 5.1"},
    Rule{"MF-013", "a line of the manifest is not understood", everywhere(kWarning),
         "Strict importers refuse the package; lax ones leave the file unchecked.",
         "Write one SHA256(f)= … line for each file.", "DSP0243 5.1"},
    Rule{"MF-014", "the manifest does not end in a line feed", everywhere(kNote),
         "Tools that read line by line leave out the last one.", "End it with a line feed.",
         "POSIX text file"},
    Rule{"MF-015", "the manifest begins with a byte order mark",
         everywhere(kWarning).with(kMuster, kNote), "The first line is then not understood.",
         "Save it without.", "field: manifests written on Windows"},
    Rule{"MF-016", "the manifest lists the certificate or itself",
         everywhere(kWarning).with(kVmware, kError),
         "The certificate signs the manifest, so it cannot be in it.", "Remove the line.",
         "DSP0243 5.1, 5.2"},
};

void check_form(std::string_view line, const DigestLine& parts, const std::string& where,
                Findings& findings) {
    const std::size_t open = line.find('(');
    const std::size_t equals = line.rfind('=');
    if (open > 0 && (line[open - 1] == ' ' || line[open - 1] == '\t')) {
        findings.add("MF-002", fmt::format("{} has a blank before the bracket", where));
    } else if (line[equals - 1] != ')' || line.substr(equals + 1, 1) != " " ||
               line.substr(equals + 2, 1) == " ") {
        findings.add("MF-006", fmt::format("{} has no ')= ' before the digest", where));
    }
    if (base::to_lower(parts.algorithm).starts_with("sha2-") ||
        parts.algorithm.find('-') != std::string::npos) {
        findings.add("MF-003", fmt::format("{} names the algorithm '{}'", where, parts.algorithm));
    }
    if (std::any_of(parts.value.begin(), parts.value.end(),
                    [](unsigned char c) { return std::isupper(c) != 0; })) {
        findings.add("MF-004", fmt::format("{} has a digest in upper case", where));
    }
}

void check_name(const PackageView& package, const DigestLine& parts, const std::string& where,
                Findings& findings) {
    const std::string& file = parts.file;
    if (file == "." || file.starts_with("./") || file.starts_with('/') ||
        file.find('\\') != std::string::npos) {
        findings.add("MF-010", fmt::format("{} names '{}'", where, file));
    }
    if (file.find_first_of("()=") != std::string::npos) {
        findings.add("MF-011", fmt::format("{} names '{}'", where, file));
    }
    if (file == package.report.manifest.name || file == package.report.signature.name ||
        base::to_lower(file).ends_with(".cert")) {
        findings.add("MF-016", fmt::format("{} names '{}'", where, file));
    }
}

void check_file_name(const PackageView& package, Findings& findings) {
    const std::string& manifest = package.report.manifest.name;
    const std::string& descriptor = package.report.descriptor_name;
    if (manifest.substr(0, manifest.rfind('.')) != descriptor.substr(0, descriptor.rfind('.'))) {
        findings.add("MF-012",
                     fmt::format("the manifest '{}' is not named after the descriptor '{}'",
                                 manifest, descriptor));
    }
}

}  // namespace

Rules manifest_rules() {
    return kManifestRules;
}

void check_manifest(const PackageView& package, Findings& findings) {
    if (!package.manifest) {
        return;
    }
    check_file_name(package, findings);
    std::string_view text = package.manifest->text;
    if (text.starts_with("\xef\xbb\xbf")) {
        findings.add("MF-015", "the manifest begins with a byte order mark");
        text.remove_prefix(3);
    }
    if (text.find('\r') != std::string_view::npos) {
        findings.add("MF-005", "lines of the manifest end in CR LF");
    }
    if (!text.ends_with('\n')) {
        findings.add("MF-014", "the manifest does not end in a line feed");
    }
    std::set<base::DigestAlgorithm> algorithms;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (line.ends_with('\r') || line.ends_with(' ')) {
            line.remove_suffix(1);
        }
        DigestLine parts;
        if (!parse_digest_line(line, parts)) {
            continue;  // a failure of the package
        }
        const std::string where = fmt::format("line {}", number);
        check_form(line, parts, where, findings);
        check_name(package, parts, where, findings);
        if (const auto algorithm = base::find_digest_algorithm(parts.algorithm)) {
            algorithms.insert(*algorithm);
        }
    }
    if (algorithms.contains(base::DigestAlgorithm::sha384) ||
        algorithms.contains(base::DigestAlgorithm::sha512)) {
        findings.add("MF-008", "the manifest uses SHA-384 or SHA-512");
    }
    if (algorithms.size() > 1) {
        findings.add("MF-009", fmt::format("the manifest uses {} algorithms", algorithms.size()));
    }
}

}  // namespace ovfkit::lint
