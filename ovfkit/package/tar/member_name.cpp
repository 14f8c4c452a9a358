// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/tar/member_name.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"

namespace ovfkit {

namespace {

char lower(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

bool is_absolute(std::string_view name) {
    const bool drive = name.size() >= 2 && name[1] == ':' &&
                       std::isalpha(static_cast<unsigned char>(name[0])) != 0;
    return name.starts_with('/') || name.starts_with('\\') || drive;
}

bool has_parent_component(std::string_view name) {
    while (true) {
        const std::size_t end = name.find_first_of("/\\");
        if (name.substr(0, end) == "..") {
            return true;
        }
        if (end == std::string_view::npos) {
            return false;
        }
        name.remove_prefix(end + 1);
    }
}

[[noreturn]] void refuse(std::string_view name, std::string_view archive, std::string_view why) {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("{}: member '{}' {}", quoted_source(archive), name, why),
                      "do not trust this file: names like that have no use in a package");
}

}  // namespace

std::string normalized_member_name(std::string_view name, std::string_view archive) {
    if (std::any_of(name.begin(), name.end(), is_control)) {
        refuse(name, archive, "has a control character in its name");
    }
    if (is_absolute(name)) {
        refuse(name, archive, "has an absolute name");
    }
    if (has_parent_component(name)) {
        refuse(name, archive, "has '..' in its name");
    }
    std::string_view rest = name;
    while (rest.starts_with("./")) {
        rest.remove_prefix(2);
    }
    if (rest.starts_with('/')) {
        refuse(name, archive, "has an absolute name");
    }
    if (rest.empty() || rest == ".") {
        refuse(name, archive, "has no name");
    }
    return std::string(rest);
}

std::string folded_name(std::string_view name) {
    std::string folded(name);
    std::transform(folded.begin(), folded.end(), folded.begin(), lower);
    return folded;
}

bool is_archiver_litter(std::string_view name) {
    std::string_view last = name;
    if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
        last = name.substr(slash + 1);
    }
    const bool pax_folder = name.starts_with("PaxHeader/") || name.starts_with("PaxHeaders.") ||
                            name.find("/PaxHeader/") != std::string_view::npos ||
                            name.find("/PaxHeaders.") != std::string_view::npos;
    return last.starts_with("._") || last == ".DS_Store" || name.starts_with("__MACOSX/") ||
           pax_folder;
}

std::string quoted_source(std::string_view source_name) {
    return source_name == "standard input" ? std::string(source_name)
                                           : fmt::format("'{}'", source_name);
}

bool has_extension(std::string_view name, std::string_view extension) {
    return name.size() > extension.size() &&
           folded_name(name.substr(name.size() - extension.size())) == folded_name(extension);
}

}  // namespace ovfkit
