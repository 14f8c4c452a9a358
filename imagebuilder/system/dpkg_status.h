// SPDX-License-Identifier: Apache-2.0
// What a stanza of dpkg's status file says of a package. Which states count is the caller's: an
// image's bill of materials names what is installed, an introspection what is there in any form.
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imagebuilder/system/control_stanza.h"

namespace imagebuilder {

struct DpkgPackage {
    std::string_view name;
    std::string_view version;
    std::string_view architecture;
    // The last word of its Status: "installed", "config-files", "half-configured"; empty: none is
    // given, as in status.d, where all are installed.
    std::string_view state;

    bool is_gone() const { return state == "not-installed" || state == "config-files"; }
};

// Views into the text that the fields came from.
DpkgPackage dpkg_package_of(const std::vector<ControlField>& fields);

// "name version architecture" of the packages of a status file that are installed, sorted.
std::vector<std::string> installed_package_lines(std::string_view status);

}  // namespace imagebuilder
