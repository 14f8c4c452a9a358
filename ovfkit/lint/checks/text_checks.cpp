// SPDX-License-Identifier: Apache-2.0
// OVF-00x: the bytes of the descriptor.
#include <array>

#include <fmt/format.h>

#include "ovfkit/lint/checks/checks.h"

#include "base/letter_case.h"

namespace ovfkit::lint {

namespace {

constexpr std::array kTextRules{
    Rule{"OVF-001", "the descriptor is not well-formed XML", everywhere(kError),
         "No importer reads on after the first error of XML.", "Correct it at the place named.",
         "XML 1.0, 2.1; DSP0243 6"},
    Rule{"OVF-002", "the descriptor is not an OVF envelope", everywhere(kError),
         "Web pages of failed downloads and files of other products are found under the name .ovf.",
         "Get the descriptor from its maker again.", "DSP0243 7.1"},
    Rule{"OVF-003", "the descriptor begins with a byte order mark",
         everywhere(kNote).with(kVmware | kVirtV2v, kWarning),
         "UTF-8 needs none, and readers that look for '<' first take the file for something else.",
         "Save it as UTF-8 without a byte order mark.", "field: BOM-prefixed descriptors"},
    Rule{"OVF-004", "bytes follow the end of the XML",
         everywhere(kWarning).with(kVirtV2v | kProxmox, kError),
         "Zero bytes are left by writers that fill up blocks; libxml2 from 2.12.6 on refuses them.",
         "Cut the file off after </Envelope>.", "field: trailing NULs, libxml2 2.12.6"},
    Rule{"OVF-005", "the descriptor is not written in UTF-8",
         everywhere(kWarning).with(kVmware, kError).with(kMuster, kNote),
         "Importers pass the text on as UTF-8, whatever its declaration says.",
         "Convert it to UTF-8 and change the declaration.", "XML 1.0, 4.3.3"},
    Rule{"OVF-006", "the descriptor has carriage returns at the ends of its lines",
         everywhere(kNote),
         "Harmless for XML, but tools that rewrite single lines change the digest of all.",
         "Save it with line feeds only.", "field: descriptors edited on Windows"},
};

std::string_view declaration_of(std::string_view text) {
    const std::size_t start = text.find("<?xml");
    if (start == std::string_view::npos || start > 16) {
        return {};
    }
    const std::size_t end = text.find("?>", start);
    return end == std::string_view::npos ? std::string_view() : text.substr(start, end - start);
}

std::string encoding_of(std::string_view text) {
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
        return "utf-16";
    }
    const std::string declaration = base::to_lower(declaration_of(text));
    const std::size_t at = declaration.find("encoding");
    const std::size_t open = at == std::string::npos ? at : declaration.find_first_of("\"'", at);
    if (open == std::string::npos) {
        return "utf-8";
    }
    const std::size_t close = declaration.find(declaration[open], open + 1);
    return declaration.substr(open + 1, close - open - 1);
}

}  // namespace

Rules text_rules() {
    return kTextRules;
}

void check_text(std::string_view text, Findings& findings) {
    if (text.starts_with("\xef\xbb\xbf")) {
        findings.add("OVF-003", {1, 1}, "the descriptor begins with a byte order mark");
    }
    const std::string encoding = encoding_of(text);
    if (encoding != "utf-8" && encoding != "utf8" && encoding != "us-ascii") {
        findings.add("OVF-005", {1, 1},
                     fmt::format("the descriptor is written in {}, not UTF-8", encoding));
    } else if (text.ends_with('\0')) {
        const std::size_t last = text.find_last_not_of('\0');
        const std::size_t count = text.size() - (last == std::string_view::npos ? 0 : last + 1);
        findings.add("OVF-004", fmt::format("{} zero bytes follow the XML", count));
    }
    if (text.find("\r\n") != std::string_view::npos) {
        findings.add("OVF-006", "the lines of the descriptor end in CR LF");
    }
}

void report_unreadable(Place place, const std::string& message, Findings& findings) {
    const bool is_xml = message.find("not an OVF descriptor") != std::string::npos ||
                        message.find("an envelope of the namespace") != std::string::npos;
    findings.add(is_xml ? "OVF-002" : "OVF-001", place, message);
}

}  // namespace ovfkit::lint
