// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/manifest.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (is_blank(text.front()) || text.front() == '\r')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (is_blank(text.back()) || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    return text;
}

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
}

// A line for a message: strangers' files have long lines and odd bytes.
std::string excerpt(std::string_view line) {
    std::string text(line.substr(0, 80));
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return line.size() > 80 ? text + "…" : text;
}

// Without the byte-order mark that some editors put first and the NULs that fill up the last block.
std::string_view text_part(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) {
        text.remove_prefix(3);
    }
    while (text.ends_with('\0')) {
        text.remove_suffix(1);
    }
    return text;
}

ManifestEntry entry_of(const DigestLine& line, const std::string& where) {
    const auto algorithm = base::find_digest_algorithm(line.algorithm);
    if (!algorithm) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("{}: unknown digest algorithm '{}'", where, excerpt(line.algorithm)),
            "muster knows SHA1, SHA256, SHA384 and SHA512");
    }
    if (line.value.size() != base::digest_hex_length(*algorithm)) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{}: a {} digest has {} hex digits, not {}", where,
                                      base::to_string(*algorithm),
                                      base::digest_hex_length(*algorithm), line.value.size()));
    }
    std::string_view file = line.file;
    while (file.starts_with("./")) {
        file.remove_prefix(2);
    }
    if (file.empty()) {
        throw base::Error(base::ErrorKind::invalid_input, fmt::format("{}: no file name", where));
    }
    return {std::string(file), *algorithm, folded_name(line.value)};
}

// The same file may stand there once per algorithm (SHA1 for old importers, SHA256 for new ones).
void add_entry(Manifest& manifest, ManifestEntry entry, const std::string& where) {
    for (const ManifestEntry& known : manifest.entries) {
        if (known.file == entry.file && known.algorithm == entry.algorithm) {
            throw base::Error(
                base::ErrorKind::invalid_input,
                fmt::format("{}: file '{}' is listed twice", where, excerpt(entry.file)));
        }
    }
    manifest.entries.push_back(std::move(entry));
}

}  // namespace

bool parse_digest_line(std::string_view line, DigestLine& result) {
    line = trimmed(line);
    const std::size_t open = line.find('(');
    // The value holds neither ')' nor '=', a file name may: so the last ones count.
    const std::size_t equals = line.rfind('=');
    const std::size_t close = equals == std::string_view::npos ? equals : line.rfind(')', equals);
    if (open == std::string_view::npos || close == std::string_view::npos || close <= open + 1) {
        return false;
    }
    const std::string_view algorithm = trimmed(line.substr(0, open));
    const std::string_view value = trimmed(line.substr(equals + 1));
    const bool plain = std::all_of(algorithm.begin(), algorithm.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '/';
    });
    if (algorithm.empty() || !plain || value.empty() || !is_hex(value) ||
        !trimmed(line.substr(close + 1, equals - close - 1)).empty()) {
        return false;
    }
    result = {std::string(algorithm), std::string(line.substr(open + 1, close - open - 1)),
              std::string(value)};
    return true;
}

const ManifestEntry* Manifest::find(std::string_view file) const {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const ManifestEntry& entry) { return entry.file == file; });
    return found == entries.end() ? nullptr : &*found;
}

Manifest parse_manifest(std::string_view text, std::string_view name, bool lax) {
    Manifest manifest;
    text = text_part(text);
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string where = fmt::format("manifest '{}' line {}", name, ++number);
        if (trimmed(line).empty()) {
            continue;
        }
        DigestLine parts;
        const bool understood = parse_digest_line(line, parts);
        if (lax && (!understood || !base::find_digest_algorithm(parts.algorithm))) {
            manifest.ignored_lines.push_back(excerpt(line));
            continue;
        }
        if (!understood) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("{} is not understood: '{}'", where, excerpt(line)),
                              "lines look like: SHA256(disk.vmdk)= 0123456789abcdef…");
        }
        add_entry(manifest, entry_of(parts, where), where);
    }
    if (manifest.entries.empty() && !lax) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("manifest '{}' lists no files", name));
    }
    return manifest;
}

std::string format_manifest(const Manifest& manifest) {
    std::string text;
    for (const ManifestEntry& entry : manifest.entries) {
        text +=
            fmt::format("{}({})= {}\n", base::to_string(entry.algorithm), entry.file, entry.digest);
    }
    return text;
}

}  // namespace ovfkit
