// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/system/dpkg_status.h"

#include <algorithm>

#include <fmt/format.h>

namespace imagebuilder {

DpkgPackage dpkg_package_of(const std::vector<ControlField>& fields) {
    const std::string_view status = value_of(fields, "Status");
    return {value_of(fields, "Package"), value_of(fields, "Version"),
            value_of(fields, "Architecture"), status.substr(status.find_last_of(" \t") + 1)};
}

std::vector<std::string> installed_package_lines(std::string_view status) {
    std::vector<std::string> lines;
    for_each_stanza(status, [&](const std::vector<ControlField>& fields) {
        const DpkgPackage package = dpkg_package_of(fields);
        if (package.state == "installed") {
            lines.push_back(
                fmt::format("{} {} {}", package.name, package.version, package.architecture));
        }
    });
    std::sort(lines.begin(), lines.end());
    return lines;
}

}  // namespace imagebuilder
