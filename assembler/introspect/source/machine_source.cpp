// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/source/machine_source.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "imagebuilder/filetree/directory_tree.h"

namespace assembler {

MachineSource parse_machine_source(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || text.substr(0, equals).find('/') != std::string::npos) {
        return {.name = "", .location = std::string(text)};
    }
    const std::string name(text.substr(0, equals));
    if (name.empty() || machine_name_of(name) != name || equals + 1 == text.size()) {
        throw base::Error(base::ErrorKind::usage, fmt::format("'{}' is no NAME=SOURCE", text),
                          "a machine's name has lower-case letters, digits and '-'");
    }
    return {.name = name, .location = std::string(text.substr(equals + 1))};
}

MachineFacts introspect_source(const MachineSource& source, IntrospectOptions options) {
    options.name = source.name;
    std::error_code ignored;
    if (!std::filesystem::exists(source.location, ignored)) {
        throw base::Error(base::ErrorKind::not_found,
                          fmt::format("there is no '{}'", source.location));
    }
    if (std::filesystem::is_directory(source.location, ignored)) {
        return introspect_tree(*imagebuilder::open_directory_tree(source.location), options);
    }
    throw base::Error(base::ErrorKind::unsupported,
                      fmt::format("'{}' is no folder with a machine's files", source.location));
}

}  // namespace assembler
