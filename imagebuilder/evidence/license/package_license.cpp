// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/license/package_license.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/crypto/digest.h"
#include "base/letter_case.h"
#include "base/printable.h"
#include "imagebuilder/evidence/license/copyright_file.h"
#include "imagebuilder/evidence/license/license_expression.h"
#include "imagebuilder/evidence/license/license_id.h"

namespace imagebuilder {

namespace {

constexpr std::size_t kMostName = 64;  // in an id
constexpr std::size_t kDigestDigits = 12;
constexpr const char* kUnnamed = "unnamed";

// SPDX: letters, digits, "." and "-". What is a reference in the package already says so once.
std::string id_part(std::string_view name) {
    constexpr std::string_view kReference = "LicenseRef-";
    std::string part;
    if (name.starts_with(kReference)) {
        name.remove_prefix(kReference.size());
    }
    for (const char c : name.substr(0, kMostName)) {
        const bool stays =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
        if (stays) {
            part += c;
        } else if (!part.empty() && part.back() != '-') {
            part += '-';
        }
    }
    while (part.ends_with('-')) {
        part.pop_back();
    }
    return part.empty() ? kUnnamed : part;
}

// Blanks do not count: the same licence is set in lines of many widths.
std::string without_gaps(std::string_view text) {
    std::string bare;
    std::copy_if(text.begin(), text.end(), std::back_inserter(bare),
                 [](char c) { return c != ' ' && c != '\t' && c != '\n' && c != '\r'; });
    return bare;
}

// Not within a character of UTF-8.
std::string cut_text(std::string text) {
    if (text.size() > kMostLicenseText) {
        std::size_t end = kMostLicenseText;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
            --end;
        }
        text.resize(end);
        text += "\n[the rest is in the package's copyright file]";
    }
    return text;
}

class Declaration {
  public:
    explicit Declaration(const CopyrightFile& file) : file_(file) {
        for (const LicenseField& text : file.texts) {
            texts_.emplace(base::to_lower(text.names), &text);
        }
    }

    PackageLicense take() {
        std::set<std::string> terms;
        for (const LicenseField& field : file_.of_files) {
            const std::vector<std::string> found = terms_of(field);
            terms.insert(found.begin(), found.end());
            if (found.empty() || terms.size() > kMostLicenseTerms) {
                return {};
            }
        }
        license_.terms.assign(terms.begin(), terms.end());
        return std::move(license_);
    }

  private:
    // Empty: the field says nothing at all.
    std::vector<std::string> terms_of(const LicenseField& field) {
        const std::optional<LicenseTree> tree = parse_license_names(field.names);
        if (tree) {
            return license_terms(*tree,
                                 [&](const std::string& name) { return term_of(name, field); });
        }
        if (field.names.empty() && field.text.empty()) {
            return {};
        }
        // Prose where names belong.
        return {extracted(kUnnamed,
                          field.names.empty() ? field.text : field.names + "\n" + field.text)};
    }

    std::string term_of(const std::string& name, const LicenseField& field) {
        if (auto id = find_spdx_license(name)) {
            return *id;
        }
        if (const auto split = split_exception(name)) {
            const auto license = find_spdx_license(split->license);
            const auto exception = find_spdx_exception(split->exception);
            if (license && exception) {
                return *license + " WITH " + *exception;
            }
        }
        return extracted(name, text_of(name, field));
    }

    // Of the stanza with that name; else what stands in the field itself.
    std::string text_of(const std::string& name, const LicenseField& field) const {
        const auto found = texts_.find(base::to_lower(name));
        if (found != texts_.end() && !found->second->text.empty()) {
            return found->second->text;
        }
        const auto whole = texts_.find(base::to_lower(field.names));
        return field.text.empty() && whole != texts_.end() ? whole->second->text : field.text;
    }

    std::string extracted(const std::string& name, const std::string& text) {
        const std::string known = base::to_lower(name) + '\0' + without_gaps(text);
        const std::string id =
            "LicenseRef-" + id_part(name) + "-" +
            base::digest_hex(base::DigestAlgorithm::sha256, known).substr(0, kDigestDigits);
        std::string shown = base::printable(cut_text(text));
        if (shown.empty()) {
            shown = "The package's copyright file names this licence without its text.";
        }
        license_.extracted.try_emplace(
            id, ExtractedLicense{base::printable_line(name.substr(0, 2 * kMostName)),
                                 std::move(shown)});
        return id;
    }

    const CopyrightFile& file_;
    std::map<std::string, const LicenseField*> texts_;
    PackageLicense license_;
};

}  // namespace

std::string PackageLicense::expression() const {
    return join_license_terms(terms);
}

PackageLicense license_of_copyright(std::string_view copyright_text) {
    if (const std::optional<CopyrightFile> file = parse_copyright_file(copyright_text)) {
        return file->is_whole ? Declaration(*file).take() : PackageLicense{};
    }
    if (auto id = find_common_license(copyright_text)) {
        return {{std::move(*id)}, {}};
    }
    return {};
}

}  // namespace imagebuilder
