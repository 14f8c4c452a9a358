// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/license/copyright_file.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/letter_case.h"
#include "imagebuilder/system/control_stanza.h"

namespace imagebuilder {

namespace {

// The lines behind the first: one blank less each, and " ." is an empty one.
std::string text_of_lines(std::string_view lines) {
    std::string text;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        std::string_view line = lines.substr(0, end);
        lines.remove_prefix(std::min(end + 1, lines.size()));
        line.remove_prefix(line.empty() ? 0 : 1);
        line.remove_suffix(line.size() - (line.find_last_not_of(" \t\r") + 1));
        text.append(line == "." ? std::string_view() : line);
        text += '\n';
    }
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    return text;
}

LicenseField license_field_of(std::string_view value) {
    const std::size_t end = std::min(value.find('\n'), value.size());
    return {std::string(without_blanks(value.substr(0, end))),
            text_of_lines(value.substr(std::min(end + 1, value.size())))};
}

// Names of fields in a stanza have no case.
std::vector<LicenseField> licenses_in(const std::vector<ControlField>& fields) {
    std::vector<LicenseField> found;
    for (const ControlField& field : fields) {
        if (base::to_lower(field.name) == "license") {
            found.push_back(license_field_of(field.value));
        }
    }
    return found;
}

bool has_field(const std::vector<ControlField>& fields, std::string_view name) {
    return std::any_of(fields.begin(), fields.end(), [&](const ControlField& field) {
        return base::to_lower(field.name) == name;
    });
}

// The address of the format, as it was before 1.0 too.
bool names_format(const std::vector<ControlField>& fields) {
    for (const ControlField& field : fields) {
        const std::string name = base::to_lower(field.name);
        if (name == "format" || name == "format-specification") {
            const std::string value = base::to_lower(field.value);
            return value.find("copyright-format") != std::string::npos ||
                   value.find("copyrightformat") != std::string::npos ||
                   value.find("dep5") != std::string::npos ||
                   value.find("dep-5") != std::string::npos;
        }
    }
    return false;
}

class FileReader {
  public:
    void add(const std::vector<ControlField>& fields) {
        const std::vector<LicenseField> licenses = licenses_in(fields);
        if (has_field(fields, "files")) {
            has_files_ = true;
            file_.is_whole = file_.is_whole && !licenses.empty();
            for (const LicenseField& license : licenses) {
                add_once(license);
            }
        } else {
            file_.texts.insert(file_.texts.end(), licenses.begin(), licenses.end());
        }
    }

    CopyrightFile take(const std::vector<LicenseField>& header) {
        if (!has_files_) {
            file_.is_whole = !header.empty();
            std::for_each(header.begin(), header.end(),
                          [&](const LicenseField& license) { add_once(license); });
        }
        return std::move(file_);
    }

  private:
    void add_once(const LicenseField& license) {
        if (seen_.emplace(license.names, license.text).second) {
            file_.of_files.push_back(license);
        }
    }

    CopyrightFile file_;
    bool has_files_ = false;
    std::set<std::pair<std::string, std::string>> seen_;
};

}  // namespace

std::optional<CopyrightFile> parse_copyright_file(std::string_view text) {
    std::vector<ControlField> header;
    while (header.empty() && !text.empty()) {
        header = take_stanza(text);
    }
    if (!names_format(header)) {
        return std::nullopt;
    }
    FileReader reader;
    std::size_t stanzas = 0;
    // A file may be one stanza by mistake: then its header is that of its files too.
    if (has_field(header, "files")) {
        reader.add(header);
    }
    while (!text.empty()) {
        const std::vector<ControlField> fields = take_stanza(text);
        if (++stanzas > kMostCopyrightStanzas) {
            return std::nullopt;
        }
        reader.add(fields);
    }
    return reader.take(licenses_in(header));
}

}  // namespace imagebuilder
